import { createServer, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Lease } from '../../src/domain/lease.ts'
import { newJobId } from '../../src/domain/id.ts'
import { StopOrder } from '../../src/pipeline/stop-order.ts'
import { type Clock, systemClock } from '../../src/platform/clock.ts'
import { HubClient } from '../../src/protocol/client.ts'
import { AttemptSender } from '../../src/worker/attempt-sender.ts'
import { testClock } from '../support/clock.ts'
import { describeNeeding } from '../support/needs.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { sh, startBehindGate, submitCommand, untilEnded } from '../support/worker.ts'

const WHOLE = 'x'.repeat(100_000)
const HALF = WHOLE.slice(50_000)

/** Waits between tries take no time. */
const impatient: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(ms <= 5000 ? 0 : ms, signal),
}

/** An attempt whose hub answers each download, by its number from 1, with what a test wants. */
async function anAttempt(
  answer: (response: ServerResponse, time: number) => void,
  clock: Clock = impatient,
) {
  const asked: ServerResponse[] = []
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-length': WHOLE.length })
    answer(response, asked.push(response))
  })
  onTestFinished(() => {
    server.close().closeAllConnections()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const folder = await tempFolder()
  await mkdir(join(folder, 'log'))
  const stopOrder = new StopOrder()
  const hub = new HubClient({ url: `http://127.0.0.1:${port}`, token: 't' })
  const job = { id: newJobId(0, () => new Uint8Array(16)), kind: 'code', title: 't', payload: {} }
  const lease = Lease.parse({
    job: { ...job, limits: {}, locks: [] },
    attempt: 2,
    token: 't',
    leaseMs: 60_000,
    checkpoints: [],
    intents: [],
    continues: null,
    inputs: [],
  })
  const sender = new AttemptSender({ hub, lease, folder, clock, stopOrder })
  const file = join(folder, 'fetched')
  const fetch = (to = file) => sender.fetchKept(1, 'change.patch', to, stopOrder.signal)
  return { asked, stopOrder, file, fetch, server }
}

const sizeOf = async (file: string): Promise<number> =>
  (await readFile(file).catch(() => Buffer.alloc(0))).length

describe('a download', () => {
  it('may take as long as it likes while bytes come', async () => {
    const clock = testClock()
    const { asked, file, fetch } = await anAttempt((response) => response.write('x'), clock)
    const fetched = fetch()
    for (let part = 1; part < 5; part += 1) {
      await expect.poll(() => sizeOf(file)).toBe(part)
      clock.advance(50_000)
      asked[0]?.write('x')
    }
    asked[0]?.end(WHOLE.slice(5))

    await fetched
    expect(await readFile(file, 'utf8')).toBe(WHOLE)
    expect(asked).toHaveLength(1)
  })

  it('on a line that has gone silent begins anew', async () => {
    const clock = testClock()
    const { asked, file, fetch } = await anAttempt((response, time) => {
      if (time === 1) response.write(HALF)
      else response.end(WHOLE)
    }, clock)
    const fetched = fetch()
    await expect.poll(() => sizeOf(file)).toBe(HALF.length)

    clock.advance(60_001)

    await fetched
    expect(await readFile(file, 'utf8')).toBe(WHOLE)
    expect(asked).toHaveLength(2)
  })

  it('that breaks off is begun anew, and is whole in the end', async () => {
    const { asked, file, fetch } = await anAttempt((response, time) => {
      if (time < 3) response.write(HALF, () => response.destroy())
      else response.end(WHOLE)
    })
    await fetch()
    expect(await readFile(file, 'utf8')).toBe(WHOLE)
    expect(asked).toHaveLength(3)
  })

  it('that breaks off each time is of a spoilt artifact', async () => {
    const { asked, fetch } = await anAttempt((response) => {
      response.write(HALF, () => response.destroy())
    })
    await expect(fetch()).rejects.toMatchObject({ code: 'artifact-corrupt' })
    expect(asked).toHaveLength(5)
  })

  it('ends with a stop in the middle of it', async () => {
    const { asked, stopOrder, file, fetch } = await anAttempt((response) => response.write(HALF))
    const fetched = fetch()
    await expect.poll(() => sizeOf(file)).toBe(HALF.length)

    stopOrder.stop({ kind: 'cancelled' })

    await expect(fetched).rejects.toMatchObject({ name: 'Stopped', why: { kind: 'cancelled' } })
    await expect.poll(() => asked[0]?.destroyed).toBe(true)
  })

  it('ends with a stop while the hub is away', async () => {
    const { stopOrder, fetch, server } = await anAttempt(() => {})
    server.close()
    await once(server, 'close')
    const fetched = fetch()

    stopOrder.stop({ kind: 'drained' })

    await expect(fetched).rejects.toMatchObject({ name: 'Stopped', why: { kind: 'drained' } })
  })
})

describeNeeding(['linux'], 'a download onto a full disk', () => {
  it('fails as that, and is not asked for again', async () => {
    const { asked, fetch } = await anAttempt((response) => response.end(WHOLE))
    await expect(fetch('/dev/full')).rejects.toMatchObject({ code: 'ENOSPC' })
    expect(asked).toHaveLength(1)
  })
})

describe('a cancel while a follow-up fetches the work it goes on from', () => {
  it('ends it', async () => {
    await using test = await startBehindGate()
    const { hub, gate } = test
    const { id } = await submitCommand(hub, await tempFolder(), { run: sh('echo x > file') })
    await untilEnded(hub, id)
    const download = gate.hold(/GET .*\/change\.patch$/, 'answer')
    const next = await hub.admin.call('retryJob', { params: { job: id }, body: {} })
    await download.here

    await hub.admin.call('cancelJob', { params: { job: next.id } })

    expect(await untilEnded(hub, next.id)).toMatchObject({ state: 'cancelled' })
    download.release()
  })
})
