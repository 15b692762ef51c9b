// Fills the folder in the first argument by the script in the second, has two calls remove it at the
// same time, and prints what is left. A separate program, because root could remove everything.
import { mkdir, readdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { removeTree } from '../../src/platform/remove-tree.ts'
import { shell } from './repository.ts'

const [folder = '', script = ''] = process.argv.slice(2)
await mkdir(folder)
await shell(folder, script)
await Promise.all([removeTree(folder), removeTree(folder)])
process.stdout.write(JSON.stringify(await readdir(dirname(folder))))
