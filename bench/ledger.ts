/**
 * The ledger on SQLite: `node bench/ledger.ts [rows]`. Every figure stands beside its peer in the
 * same run; the machine's own speed cancels out of the ratios.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Limits } from '../src/domain/limits.ts'
import type { Settlement } from '../src/domain/outcome.ts'
import { RetryPolicy } from '../src/domain/retry.ts'
import type { ClaimRequest, Ledger, NewJob } from '../src/ledger/port.ts'
import { openSqliteLedger } from '../src/ledger/sqlite/open.ts'
import { systemClock } from '../src/platform/clock.ts'
import { bareCyclesPerSecond } from './support/bare-ledger.ts'

const ROWS = Number(process.argv[2] ?? 100_000)
const CYCLES = 2000
const SAMPLES = 200
const ROUNDS = 3
const LANES = 1000
const JOBS_PER_LANE = 5

const DONE: Settlement = {
  kind: 'succeeded',
  reason: 'no-change',
  detail: '',
  publication: null,
}

await onFreshFolder(async (folder) => {
  console.log(`file system type 0x${statfsSync(folder).type.toString(16)}, ${ROWS} rows`)
  await using ledger = await open(folder)
  for (let round = 1; round <= ROUNDS; round += 1) await cycles(ledger, round)
})
await onFreshFolder(async (folder) => {
  await using ledger = await open(folder)
  await deepQueue(ledger)
})
await onFreshFolder(async (folder) => {
  await using ledger = await open(folder)
  await parkedBehindOneKey(ledger)
})
await onFreshFolder(async (folder) => {
  await using ledger = await open(folder)
  await manyLanes(ledger)
})

/** Claim and settle, each durable, beside a loop of the very same SQL statements. */
async function cycles(ledger: Ledger, round: number): Promise<void> {
  await onFreshFolder(async (folder) => {
    const bare = await bareCyclesPerSecond({
      folder,
      cycles: CYCLES,
      job: aJob({}),
      request: aRequest(),
      settlement: DONE,
    })
    await submitMany(ledger, 2 * CYCLES, {})
    const one = await cyclesPerSecond(ledger, 1)
    const many = await cyclesPerSecond(ledger, 32)
    console.log(
      `round ${round}: claim+settle per second: bare SQL ${bare.toFixed()}, ` +
        `1 caller ${one.toFixed()} (${(one / bare).toFixed(2)}×), ` +
        `32 callers ${many.toFixed()} (${(many / bare).toFixed(2)}×)`,
    )
  })
}

async function cyclesPerSecond(ledger: Ledger, callers: number): Promise<number> {
  let left = CYCLES
  const caller = async () => {
    while (left-- > 0) await cycle(ledger)
  }
  const before = performance.now()
  await Promise.all(Array.from({ length: callers }, caller))
  return (CYCLES * 1000) / (performance.now() - before)
}

async function cycle(ledger: Ledger): Promise<void> {
  const lease = await ledger.claim(aRequest())
  if (lease === null) throw new Error('the queue ran empty')
  await ledger.settle({ jobId: lease.job.id, attempt: lease.attempt }, DONE, null)
}

/** Claims while this many rows are queued. */
async function deepQueue(ledger: Ledger): Promise<void> {
  await submitMany(ledger, ROWS, {})
  const times = await sampled(async () => {
    await ledger.claim(aRequest())
  })
  report(`claim with ${ROWS} rows queued`, times)
}

/** Frees a key that many wait for, and claims the one that it wakes. */
async function parkedBehindOneKey(ledger: Ledger): Promise<void> {
  await submitMany(ledger, ROWS, { locks: ['site:acme'] })
  let before = performance.now()
  let lease = await ledger.claim(aRequest())
  report('first claim of the key', [performance.now() - before])
  before = performance.now()
  await ledger.claim(aRequest())
  report(`parking all ${ROWS - 1} others, once, in short transactions`, [
    performance.now() - before,
  ])

  const idle = await sampled(async () => {
    await ledger.claim(aRequest())
  })
  report(`claim that finds ${ROWS - 1} rows parked and nothing to do`, idle)
  report(
    'tidying that finds nothing to do',
    await sampled(async () => {
      await ledger.tidyLocks(100)
    }),
  )
  const releases: number[] = []
  const claims = await sampled(async () => {
    if (lease === null) throw new Error('nobody was woken')
    const start = performance.now()
    await ledger.settle({ jobId: lease.job.id, attempt: lease.attempt }, DONE, null)
    releases.push(performance.now() - start)
    lease = await ledger.claim(aRequest())
  })
  report(`lock release with ${ROWS - 1} rows parked behind the key`, releases)
  report('release and the claim that follows', claims)
}

/** Claims while each of many repositories, which is a lane of its own, has a few jobs. */
async function manyLanes(ledger: Ledger): Promise<void> {
  for (let lane = 0; lane < LANES; lane += 1) {
    await submitMany(ledger, JOBS_PER_LANE, { demands: [`repo:https://git.example/${lane}`] })
  }
  const { worker, ...request } = aRequest()
  const times = await sampled(async () => {
    await ledger.claim({
      ...request,
      requestId: randomUUID(),
      worker: { ...worker, offers: ['repo:*'] },
    })
  })
  report(`claim from ${LANES} lanes of ${JOBS_PER_LANE} jobs`, times)
}

async function sampled(work: () => Promise<void>): Promise<readonly number[]> {
  const times: number[] = []
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const before = performance.now()
    await work()
    times.push(performance.now() - before)
  }
  return times
}

function report(what: string, times: readonly number[]): void {
  const sorted = times.toSorted((one, other) => one - other)
  const at = (share: number) => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(2)
  console.log(`${what}: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms (${times.length} samples)`)
}

async function submitMany(ledger: Ledger, rows: number, shape: Partial<NewJob>): Promise<void> {
  for (let from = 0; from < rows; from += 1000) {
    const count = Math.min(1000, rows - from)
    await Promise.all(Array.from({ length: count }, () => ledger.submit(aJob(shape))))
  }
}

function aJob(shape: Partial<NewJob>): NewJob {
  return {
    kind: 'code',
    title: 'Fix the failing test',
    payload: { prompt: 'Fix the failing test. '.repeat(15) },
    priority: 0,
    labels: [],
    locks: [],
    limits: Limits.parse({}),
    retry: RetryPolicy.parse({}),
    retryOf: null,
    submitter: { name: 'bench', tokenId: 'bench' },
    demands: [],
    requestDigest: 'digest',
    ...shape,
  }
}

function aRequest(): ClaimRequest {
  return {
    requestId: randomUUID(),
    worker: {
      id: '01890000-0000-7000-8000-000000000001',
      bootId: '01890000-0000-7000-8000-000000000002',
      name: 'anvil',
      version: '0.1.0',
      slots: 32,
      kinds: ['code'],
      labels: ['linux'],
      offers: [],
      sandbox: 'bubblewrap',
    },
    leaseMs: 60_000,
    heldBy: 'token',
    tokenHash: 'hash',
    restrictedTo: null,
  }
}

function open(folder: string): Promise<Ledger> {
  return openSqliteLedger({ folder, clock: systemClock, random: randomBytes })
}

async function onFreshFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'millwright-bench-'))
  try {
    await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
