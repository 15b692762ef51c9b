// Claim and settle on PostgreSQL, beside pg-boss on the same server and BullMQ on Redis, each with
// its bare cycle. They do less: no lock keys, no labels, no events, no fence, no counts.
// node bench/postgres.ts [cycles, default 2000]; needs PostgreSQL 15 and redis-server.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Ledger } from '../src/ledger/port.ts'
import { openPostgresLedger } from '../src/ledger/postgres/open.ts'
import { systemClock } from '../src/platform/clock.ts'
import { aJob, aRequest, fenceOf, SUCCEEDED } from '../test/conformance/ledger/bed.ts'
import { startPostgres } from '../test/support/postgres-server.ts'
import { peerCyclesPerSecond } from './support/peers.ts'

const CYCLES = Number(process.argv[2] ?? 2000)

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

async function cycle(ledger: Ledger): Promise<void> {
  const lease = await ledger.claim(aRequest())
  if (lease === null) throw new Error('the queue ran empty')
  await ledger.settle(fenceOf(lease), SUCCEEDED, null)
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
