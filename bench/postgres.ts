// Claim and settle on PostgreSQL, beside pg-boss on the same server and BullMQ on Redis, each with
// its bare cycle. They do less: no lock keys, no labels, no events, no fence, no counts.
// node bench/postgres.ts [cycles, default 2000]; needs PostgreSQL 15 and redis-server.
import { spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { Limits } from '../src/domain/limits.ts'
import { RetryPolicy } from '../src/domain/retry.ts'
import type { Ledger, NewJob } from '../src/ledger/port.ts'
import { openPostgresLedger } from '../src/ledger/postgres/open.ts'
import { systemClock } from '../src/platform/clock.ts'
import { aClaim } from '../test/support/jobs.ts'
import { startPostgres } from '../test/support/postgres-server.ts'
import { peerCyclesPerSecond } from './support/peers.ts'

const CYCLES = Number(process.argv[2] ?? 2000)
const DONE = {
  kind: 'succeeded',
  reason: 'no-change',
  detail: '',
  publication: { kind: 'none' },
} as const

const postgres = await startPostgres()
const redis = await startRedis()
for (const callers of [1, 10]) {
  const own = await ownCyclesPerSecond(callers)
  const args = [String(CYCLES), String(callers)]
  const boss = await peerCyclesPerSecond('pg-boss', [await postgres.makeSchema(), ...args])
  const bull = await peerCyclesPerSecond('bullmq', [String(redis.port), ...args])
  console.log(
    `${callers} callers: millwright ${own.toFixed()}/s, pg-boss ${boss.toFixed()}/s ` +
      `(${(own / boss).toFixed(2)}×), BullMQ on Redis ${bull.toFixed()}/s (${(own / bull).toFixed(2)}×)`,
  )
  await postgres.query('DROP SCHEMA IF EXISTS pgboss CASCADE')
  await redis.empty()
}
await redis.stop()
await postgres.stop()

async function ownCyclesPerSecond(callers: number): Promise<number> {
  const url = await postgres.makeSchema()
  await using ledger = await openPostgresLedger({ url, clock: systemClock, random: randomBytes })
  for (let done = 0; done < CYCLES; done += 50) {
    await Promise.all(
      Array.from({ length: Math.min(50, CYCLES - done) }, () => ledger.submit(aJob())),
    )
  }
  let left = CYCLES
  const caller = async (): Promise<void> => {
    while (left-- > 0) await cycle(ledger)
  }
  const before = performance.now()
  await Promise.all(Array.from({ length: callers }, () => caller()))
  return (CYCLES * 1000) / (performance.now() - before)
}

function aJob(): NewJob {
  return {
    kind: 'code',
    title: 'mend it',
    payload: { prompt: 'mend it' },
    priority: 0,
    labels: [],
    locks: [],
    limits: Limits.parse({}),
    retry: RetryPolicy.parse({}),
    retryOf: null,
    requestDigest: 'digest',
  }
}

async function cycle(ledger: Ledger): Promise<void> {
  const { worker } = aClaim()
  const lease = await ledger.claim({
    requestId: randomUUID(),
    worker: { ...worker, labels: [] },
    leaseMs: 60_000,
    heldBy: 'bench',
    tokenHash: 'hash',
  })
  if (lease === null) throw new Error('the queue ran empty')
  await ledger.settle({ jobId: lease.job.id, attempt: lease.attempt }, DONE, null)
}

async function startRedis() {
  const port = await freePort()
  const flags = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const server = spawn('redis-server', flags, { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const piece of server.stdout) if (String(piece).includes('Ready to accept')) break
  return {
    port,
    empty: async () => {
      const cli = spawn('redis-cli', ['-p', String(port), 'flushall'], { stdio: 'ignore' })
      await once(cli, 'exit')
      await pause(100)
    },
    stop: async () => {
      server.kill()
      await once(server, 'exit')
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}
