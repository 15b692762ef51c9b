// A worker that will be killed: starts the command of its last argument in a sandbox and forwards its
// output. Arguments: marker, writable folder, the command as JSON.
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { PATH, testSandbox } from '../support/confined.ts'

const [marker = '', folder = '', json = ''] = process.argv.slice(2)
const argv = z.tuple([z.string()], z.string()).parse(JSON.parse(json))
const launch = testSandbox({ marker })
const child = await launch({
  argv,
  cwd: folder,
  env: { PATH },
  writable: [folder],
  readable: [],
})
await Promise.all([
  pipeline(child.stdout, process.stdout, { end: false }),
  pipeline(child.stderr, process.stderr, { end: false }),
])
