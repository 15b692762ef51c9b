import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { expect, it, onTestFinished } from 'vitest'
import { describeNeeding } from '../../../test/support/needs.ts'
import { AppError } from '../../domain/errors.ts'
import { newJobId } from '../../domain/id.ts'
import { type Fence, Lease } from '../../domain/lease.ts'
import { proxyVariables } from '../../domain/proxy.ts'
import { Secret } from '../../domain/secret.ts'
import { StopOrder } from '../../pipeline/stop-order.ts'
import { systemClock } from '../../platform/clock.ts'
import { MARKER } from '../../platform/process-tree.ts'
import { toProblem } from '../../protocol/problem.ts'
import { attemptName } from '../attempt-folder.ts'
import { LeaseKeeper } from './lease-keeper.ts'
import { Lifeline } from './lifeline.ts'

/** A server that gives every request this answer, and never answers those that `silentTo` matches. */
async function answering(status: number, body: unknown, silentTo: RegExp = /^$/): Promise<string> {
  const server = createServer(({ url = '' }, response) => {
    if (silentTo.test(url)) return
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
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
  inputs: [],
})

const GONE = toProblem(new AppError('lease-lost', 'it is over'))

/** An orphaned process of an attempt. */
function leftBy(fence: Fence): ChildProcess {
  const left = spawn('sleep', ['60'], { env: { ...process.env, [MARKER]: attemptName(fence) } })
  onTestFinished(() => void left.kill('SIGKILL'))
  return left
}

it('a bug in the thread that keeps the leases becomes its failure', async () => {
  await using keeper = new LeaseKeeper({
    url: await answering(200, { not: 'a renewal' }),
    proxy: {},
  })
  await keeper.ready
  const lifeline = new Lifeline(systemClock, lease.leaseMs)
  keeper.keep(lease, { lifeline, stopOrder: new StopOrder() })
  await expect(keeper.failed).rejects.toThrow(/cannot read the hub’s response/)
})

it('a lease that the hub calls lost stops its attempt, unless that only reports its end', async () => {
  await using keeper = new LeaseKeeper({ url: await answering(409, GONE), proxy: {} })
  await keeper.ready
  const attempts = [1, 2].map((attempt) => ({
    lease: { ...lease, attempt },
    stopOrder: new StopOrder(),
    lifeline: new Lifeline(systemClock, lease.leaseMs),
  }))
  attempts[0]!.lifeline.retire()
  for (const { lease: leased, ...kept } of attempts) keeper.keep(leased, kept)
  await expect.poll(() => attempts[1]!.stopOrder.why).toEqual({ kind: 'lease-lost' })
  expect(attempts[0]!.stopOrder.why).toBeNull()
})

describeNeeding(['linux'], 'on Linux', () => {
  it('processes of an attempt are killed when its lease is lost, not when it is released', async () => {
    await using keeper = new LeaseKeeper({ url: await answering(409, GONE, /\/1\b/), proxy: {} })
    await keeper.ready
    const [released, lost] = [1, 2].map((attempt) => ({
      lease: { ...lease, attempt },
      kept: { stopOrder: new StopOrder(), lifeline: new Lifeline(systemClock, lease.leaseMs) },
      left: leftBy({ jobId: lease.job.id, attempt }),
    }))
    keeper.keep(released!.lease, released!.kept)
    keeper.release({ jobId: lease.job.id, attempt: 1 })
    keeper.keep(lost!.lease, lost!.kept)

    await once(lost!.left, 'exit')
    expect(released!.left.exitCode ?? released!.left.signalCode).toBeNull()
  })
})

describeNeeding(['patience'], 'the watch over the event loop', () => {
  it('a worker that hangs for ever is ended, so that its leases are not kept for ever', async () => {
    const entry = new URL('lease-keeper.ts', import.meta.url).href
    const source = `
    const { LeaseKeeper } = await import(${JSON.stringify(entry)})
    const keeper = new LeaseKeeper({ url: 'http://127.0.0.1:9', proxy: {} }, 1000)
    await keeper.ready
    for (;;);`
    const argv = ['--input-type=module', '--eval', source]
    const worker = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe'] })
    const exit = once(worker, 'exit')
    const [words] = await once(worker.stderr, 'data')
    expect(String(words)).toContain('the worker has not responded')
    expect(await exit).toEqual([null, 'SIGABRT'])
  })
})

it('renewals go through the network proxy', async () => {
  const { promise: asked, resolve } = Promise.withResolvers<string>()
  const proxy = createServer()
  proxy.on('connect', ({ url = '' }, socket) => {
    resolve(url)
    socket.destroy()
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void proxy.close())
  const address = proxy.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const httpProxy = new Secret(`http://127.0.0.1:${address.port}`)
  await using keeper = new LeaseKeeper({
    url: 'http://hub.example',
    proxy: proxyVariables({ httpProxy }),
  })
  await keeper.ready
  const lifeline = new Lifeline(systemClock, lease.leaseMs)
  keeper.keep(lease, { lifeline, stopOrder: new StopOrder() })
  expect(await asked).toBe('hub.example:80')
})
