// A worker in a separate process: `node worker-program.ts <folder> <url> <token> <leaseMs> [slots]`.
// Prints `ready` when it has started; SIGTERM drains it.
import { startWorker } from '../../src/worker/worker.ts'
import { workerContext } from './worker-context.ts'

const [folder = '', url = '', workerToken = '', leaseMs = '', slots = '1'] = process.argv.slice(2)
const change = { leaseMs: Number(leaseMs), slots: Number(slots) }
const context = await workerContext(folder, { url, workerToken }, change)
const worker = startWorker(context)
process.once('SIGTERM', () => void worker.drain())
console.log('ready')
await worker.done
