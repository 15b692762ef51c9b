// One hub under the load of many: virtual workers that lease, renew and settle jobs of one second,
// a long queue, and people who watch. The workers are one process beside the hub, so both share
// the machine.
// node bench/load.ts [jobs, default 10000] [workers, default 200] [watchers, default 100]
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { decodeEvents } from '../src/protocol/event-stream.ts'
import { HubClient } from '../src/protocol/client.ts'
import { aClaim, aJob } from '../test/support/jobs.ts'

const [JOBS = 10_000, WORKERS = 200, WATCHERS = 100] = process.argv.slice(2).map(Number)
const JOB_MS = 1000
const SUBMITTERS = 16
const SETTLEMENT = {
  kind: 'succeeded',
  reason: 'no-change',
  publication: null,
} as const

const home = await mkdtemp(join(tmpdir(), 'millwright-load-'))
const program = join(import.meta.dirname, '..', 'bin', 'millwright.js')
const hub = spawn(process.execPath, [program, 'hub', '--port', '0', '--data', home], {
  env: { PATH: process.env['PATH'], HOME: home },
  stdio: ['ignore', 'pipe', 'ignore'],
})
const ended = once(hub, 'exit')
const url = await addressOf()
const token = async (whose: string) => (await readFile(join(home, `${whose}.token`), 'utf8')).trim()
const admin = new HubClient({ url, token: await token('admin') })
const worker = new HubClient({ url, token: await token('worker') })

const ids: Awaited<ReturnType<typeof submit>>[] = []
await Promise.all(Array.from({ length: SUBMITTERS }, () => keepSubmitting()))
const watching = new AbortController()
const seen = Promise.all(ids.slice(0, WATCHERS).map((id) => watch(id)))

const claims: number[] = []
const measures = { memory: 0, lag: 0 }
const measuring = measure()
const began = performance.now()
await Promise.all(Array.from({ length: WORKERS }, (_, index) => work(index)))
const seconds = (performance.now() - began) / 1000
watching.abort()
await measuring
const events = (await seen).reduce((sum, count) => sum + count, 0)

print('machine', `${availableParallelism()} processors`, '')
print('cycles', `${(claims.length / seconds).toFixed(0)}/s of ${WORKERS}/s asked for`, '≥ 100/s')
print('claim', `p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms`, 'p99 < 100 ms')
print('memory', `${(measures.memory / 2 ** 20).toFixed(0)} MiB at most`, '< 512 MB')
print('loop lag', `${(measures.lag * 1000).toFixed(0)} ms at most (p99 of 1 s)`, '< 50 ms')
print('watchers', `${WATCHERS}, ${events} events seen`, '')
hub.kill()
await ended
await rm(home, { recursive: true })

async function addressOf(): Promise<string> {
  for await (const line of createInterface(hub.stdout)) {
    const found = /hub on (\S+)/.exec(line)?.[1]
    if (found !== undefined) return found
  }
  throw new Error('the hub did not start')
}

async function submit() {
  return (await admin.call('submitJob', { body: aJob() })).id
}

async function keepSubmitting(): Promise<void> {
  while (ids.length < JOBS) ids.push(await submit())
}

/** @returns how many events came */
async function watch(job: (typeof ids)[number]): Promise<number> {
  const response = await admin.open('listEvents', {
    params: { job },
    headers: { accept: 'text/event-stream' },
  })
  let count = 0
  for await (const _ of decodeEvents(response.body!)) count += 1
  return count
}

async function work(index: number): Promise<void> {
  // As machines that know nothing of each other, not all in one instant.
  await pause((JOB_MS * index) / WORKERS)
  const identity = aClaim().worker
  for (;;) {
    const asked = performance.now()
    const body = { ...aClaim({ requestId: randomUUID() }), worker: identity }
    const lease = await worker.call('claimLease', { body })
    if (lease === null) return
    claims.push(performance.now() - asked)
    const attempt = worker.withToken(lease.token)
    const params = { job: lease.job.id, attempt: lease.attempt }
    await attempt.call('renewLease', { params, body: { leaseMs: 60_000 } })
    await pause(JOB_MS)
    await attempt.call('settleLease', { params, body: { settlement: SETTLEMENT, usage: null } })
  }
}

async function measure(): Promise<void> {
  while (!watching.signal.aborted) {
    const text = await (await admin.call('metrics', {})).text()
    const value = (name: string): number =>
      Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1] ?? 0)
    measures.memory = Math.max(measures.memory, value('process_resident_memory_bytes'))
    measures.lag = Math.max(measures.lag, value('millwright_event_loop_delay_p99_seconds'))
    await pause(1000)
  }
}

function quantile(share: number): string {
  const sorted = claims.toSorted((one, other) => one - other)
  return (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1)
}

function print(what: string, value: string, goal: string): void {
  console.log(`${what.padEnd(10)} ${value.padEnd(40)} ${goal === '' ? '' : `goal ${goal}`}`)
}
