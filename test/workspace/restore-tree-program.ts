// Runs two scripts in a workspace, as an agent and a check would, and restores the tree to the state
// after the first. A separate program, because nothing is read-only for a test that runs as root.
import { readdir } from 'node:fs/promises'
import { restoreTree } from '../../src/workspace/restore-tree.ts'
import { takeTree } from '../../src/workspace/take-tree.ts'
import { aWorkspace, makeRemote, patient, shell } from '../support/repository.ts'

const [folder = '', agent = '', check = ''] = process.argv.slice(2)
const { remote } = await makeRemote(folder, { 'a.txt': 'one\n', 'dir/b.txt': 'b\n' })
const workspace = await aWorkspace(folder, { repository: remote })
await shell(workspace.tree, agent)
const { tree } = await takeTree(workspace, patient())
await shell(workspace.tree, check)
await restoreTree(workspace, tree, patient())
const isSame = (await takeTree(workspace, patient())).tree === tree
const names = (await readdir(workspace.tree)).toSorted()
process.stdout.write(JSON.stringify({ isSame, names }))
