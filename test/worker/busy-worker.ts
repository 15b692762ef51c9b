// A worker whose only kind blocks the worker's main thread: `node busy-worker.ts <folder> <url>
// <token> <leaseMs> <busyMs> <marks>`. It starts a program that runs for ever, leaves `<attempt>.begun`
// in the folder `marks`, is busy, and leaves `<attempt>.effect` there as its next step.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { WorkKind } from '../../src/domain/attempt.ts'
import { startWorker } from '../../src/worker/worker.ts'
import { workerContext } from '../support/worker-context.ts'

const [folder = '', url = '', workerToken = '', leaseMs, busyMs, marks = ''] = process.argv.slice(2)

const busy: WorkKind = {
  run: async (attempt) => {
    const argv = ['sleep', '600'] as const
    const agent = await attempt.launch({
      argv: [...argv],
      cwd: '/',
      env: { PATH: process.env['PATH'] ?? '' },
      writable: [],
      readable: [],
    })
    writeFileSync(join(marks, `${attempt.marker}.begun`), '')
    for (const end = performance.now() + Number(busyMs); performance.now() < end;);
    const effect = join(marks, `${attempt.marker}.effect`)
    await attempt.step('effect', async () => writeFileSync(effect, ''))
    await agent.stop(0)
    return {
      kind: 'succeeded',
      reason: 'no-change',
      detail: '',
      publication: null,
    }
  },
  salvage: async () => ({ files: [], checkpoint: null }),
  remove: async () => {},
  tidy: async () => 0,
}

const change = { leaseMs: Number(leaseMs), kinds: new Map([['code', busy]]) }
const worker = startWorker(await workerContext(folder, { url, workerToken }, change))
console.log('ready')
await worker.done
