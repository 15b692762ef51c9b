// Requests per second of the hub (access, checks, limits, metrics) beside bare node:http that does
// the same: once with the same ledger call, once without any SQL. Each server has a process of its
// own; the three take turns.
// node bench/http.ts [seconds of each measurement, default 2]
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { startHubProcess } from '../test/support/hub-process.ts'
import { aLease } from '../test/support/jobs.ts'
import { type Load, requestsPerSecond } from './support/load.ts'

const SECONDS = Number(process.argv[2] ?? 2)
const CONNECTIONS = 16
const ROUNDS = 3
const BODY = JSON.stringify({ leaseMs: 60_000 })

type Target = Pick<Load, 'port' | 'path' | 'headers'>

await using hub = await startHubProcess()
await using bare = await startBare()
const { lease, params } = await aLease(hub)
const port = Number(new URL(hub.url).port)
const json = { 'content-type': 'application/json' }
const renew = `/api/v1/leases/${params.job}/${params.attempt}/renew`

await compare(
  'POST renew',
  { method: 'POST', body: BODY },
  {
    hub: { port, path: renew, headers: { ...json, authorization: `Bearer ${lease.token}` } },
    'bare node:http with the ledger': { port: bare.port, path: '/sql', headers: json },
    'bare node:http': { port: bare.port, path: '/plain', headers: json },
  },
)
await compare(
  'GET job',
  { method: 'GET', body: '' },
  {
    hub: {
      port,
      path: `/api/v1/jobs/${params.job}`,
      headers: { authorization: `Bearer ${hub.adminToken}` },
    },
    'bare node:http with the ledger': { port: bare.port, path: '/sql', headers: {} },
    'bare node:http': { port: bare.port, path: '/plain', headers: {} },
  },
)

/** Prints the best of some rounds for each target, and how much more time the hub takes. */
async function compare(
  title: string,
  call: Pick<Load, 'method' | 'body'>,
  targets: Readonly<Record<string, Target>>,
): Promise<void> {
  const best = new Map<string, number>()
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, target] of Object.entries(targets)) {
      const load = { ...call, ...target, connections: CONNECTIONS, seconds: SECONDS }
      const rate = await requestsPerSecond(load)
      best.set(name, Math.max(rate, best.get(name) ?? 0))
    }
  }
  const own = best.get('hub') ?? 0
  console.log(`${title}, ${CONNECTIONS} connections`)
  for (const [name, rate] of best) {
    const ratio = name === 'hub' ? '' : `  hub takes ${(rate / own).toFixed(2)} times as long`
    console.log(`  ${name.padEnd(32)} ${Math.round(rate).toString().padStart(7)}/s${ratio}`)
  }
}

async function startBare(): Promise<AsyncDisposable & { readonly port: number }> {
  const program = join(import.meta.dirname, 'support', 'bare-http.ts')
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const [line] = await once(createInterface(child.stdout), 'line')
  return {
    port: Number(line),
    [Symbol.asyncDispose]: async () => {
      child.stdin.end()
      await exited
    },
  }
}
