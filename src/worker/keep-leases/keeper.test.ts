import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { expect, it, onTestFinished } from 'vitest'
import { newJobId } from '../../domain/id.ts'
import { Lease } from '../../domain/lease.ts'
import { StopOrder } from '../../pipeline/stop-order.ts'
import { systemClock } from '../../platform/clock.ts'
import { LeaseKeeper } from './keeper.ts'
import { Lifeline } from './lifeline.ts'

/** A server that gives every question this answer. */
async function answering(status: number, body: unknown): Promise<string> {
  const server = createServer((_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `http://127.0.0.1:${address.port}`
}

const lease = Lease.parse({
  job: {
    id: newJobId(0, () => new Uint8Array(16)),
    kind: 'code',
    title: '',
    payload: {},
    limits: {},
    locks: [],
  },
  attempt: 1,
  token: 't',
  leaseMs: 60_000,
  checkpoints: [],
  intents: [],
  continues: null,
})

it('a bug in the thread that keeps the leases is heard as its failure', async () => {
  await using keeper = new LeaseKeeper(await answering(200, { not: 'a renewal' }))
  await keeper.ready
  const lifeline = new Lifeline(systemClock, lease.leaseMs)
  keeper.keep(lease, { lifeline, stops: new StopOrder() })
  await expect(keeper.failed).rejects.toThrow(/another shape/)
})

it('a worker that hangs for ever is ended, so that its leases are not kept for ever', async () => {
  const entry = new URL('keeper.ts', import.meta.url).href
  const source = `
    const { LeaseKeeper } = await import(${JSON.stringify(entry)})
    const keeper = new LeaseKeeper('http://127.0.0.1:9', 1000)
    await keeper.ready
    for (;;);`
  const argv = ['--input-type=module', '--eval', source]
  const worker = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe'] })
  const exit = once(worker, 'exit')
  const [words] = await once(worker.stderr, 'data')
  expect(String(words)).toContain('the worker hangs')
  expect(await exit).toEqual([null, 'SIGABRT'])
})
