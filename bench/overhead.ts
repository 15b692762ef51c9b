// What a job costs beside its agent: one whose agent is `true`, from submit to succeeded, and how
// soon an idle worker has it. Beside a shell script that does the same git work by hand.
// node bench/overhead.ts [jobs, default 60]
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { JobEvent } from '../src/domain/event.ts'
import type { Launch } from '../src/domain/launch.ts'
import { locateProgram } from '../src/platform/locate-program.ts'
import { silentLog } from '../src/platform/log.ts'
import { bubblewrap } from '../src/sandbox/bubblewrap.ts'
import { unconfined } from '../src/sandbox/none.ts'
import { startWorker } from '../src/worker/worker.ts'
import { startTestHub, type TestHub } from '../test/support/hub.ts'
import { aClaim, aJob } from '../test/support/jobs.ts'
import { GIT_ENV, makeRemote } from '../test/support/repository.ts'
import { workerContext } from '../test/support/worker-context.ts'

const JOBS = Number(process.argv[2] ?? 60)
const FILES = 200
const WARM_UP = 5
const GOAL = 1.5
const LEASE_GOAL_MS = 10

const run = promisify(execFile)

async function bench(folder: string): Promise<void> {
  console.log(`file system type 0x${(await statfs(folder)).type.toString(16)}, ${JOBS} jobs each`)
  const { remote } = await makeRemote(join(folder, 'origin'), files())
  const place = join(folder, 'script')
  await run('git', ['clone', '-q', '--mirror', remote, join(place, 'cache.git')], { env: GIT_ENV })
  for (const [name, launchFor] of sandboxes()) {
    await measure(name, { folder, remote, place, launchFor })
  }
  await measureLease()
}

function files(): Record<string, string> {
  const names = Array.from({ length: FILES }, (_, index) => `src/part-${index % 20}/${index}.ts`)
  return Object.fromEntries(names.map((name) => [name, `export const a = ${'x'.repeat(3000)}\n`]))
}

/** The git work of a job and nothing else: fetch, check out, take the tree, write the patch. */
const SCRIPT = `set -e
  cd "$1"; git -C cache.git fetch -q origin '+refs/heads/*:refs/heads/*'
  base=$(git -C cache.git rev-parse main)
  git clone -q --shared --no-checkout cache.git work
  cd work; git checkout -q --detach $base
  true
  git add -A
  git diff-tree --binary $base $(git write-tree) > ../change.patch
  cd ..; rm -rf work`

async function oneScript(place: string): Promise<number> {
  const before = performance.now()
  await run('sh', ['-c', SCRIPT, 'sh', place], { env: GIT_ENV })
  return performance.now() - before
}

type Setting = {
  readonly folder: string
  readonly remote: string
  /** Where the script has its cache. */
  readonly place: string
  readonly launchFor: (marker: string) => Launch
}

/** Script and job by turns, so that a busy moment of the machine meets both. */
async function measure(name: string, { folder, remote, place, launchFor }: Setting): Promise<void> {
  await using hub = await startTestHub()
  const context = await workerContext(join(folder, name), hub, { launchFor })
  const worker = startWorker(context)
  const scripts: number[] = []
  const jobs: Awaited<ReturnType<typeof oneJob>>[] = []
  for (let round = 0; round < JOBS + WARM_UP; round += 1) {
    scripts.push(await oneScript(place))
    jobs.push(await oneJob(hub, remote))
  }
  await worker.stop()
  const script = scripts.slice(WARM_UP)
  const times = jobs.slice(WARM_UP).map(({ ms }) => ms)
  const ratio = percentile(times, 0.5) / percentile(script, 0.5)
  console.log(`\nsandbox ${name}: ${ratio.toFixed(2)}× the script, goal ${GOAL}×`)
  console.log(`  script     ${shown(script)}`)
  console.log(`  job        ${shown(times)}, of it:`)
  for (const part of ['leased', 'workspace', 'agent', 'diff', 'rest']) {
    const parts = jobs.slice(WARM_UP).flatMap(({ events }) => partsOf(events).get(part) ?? [])
    console.log(`    ${part.padEnd(9)} median ${percentile(parts, 0.5).toFixed(0)} ms`)
  }
}

/** Submits a job and follows its events to the end, as `submit --wait` does. */
async function oneJob(hub: TestHub, repository: string) {
  const payload = { repository, prompt: 'nothing', agent: { name: 'command', run: ['true'] } }
  const before = performance.now()
  const { id } = await hub.admin.call('submitJob', { body: { kind: 'code', payload } })
  const stream = await fetch(`${hub.url}/api/v1/jobs/${id}/events`, {
    headers: { authorization: `Bearer ${hub.adminToken}`, accept: 'text/event-stream' },
  })
  await stream.text()
  const ms = performance.now() - before
  const job = await hub.admin.call('getJob', { params: { job: id } })
  if (job.state !== 'succeeded') throw new Error(`${job.state}: ${job.detail}`)
  const { events } = await hub.admin.call('listEvents', { params: { job: id } })
  return { ms, events }
}

/** Where the time went. `rest` is what no step accounts for: folders, artifacts, reports. */
function partsOf(events: readonly JobEvent[]): ReadonlyMap<string, number> {
  const at = (type: JobEvent['type']): number =>
    events.findLast((event) => event.type === type)?.at ?? Number.NaN
  const steps = events.flatMap((event) =>
    event.type === 'step-finished' ? [[event.step, event.durationMs] as const] : [],
  )
  const inSteps = steps.reduce((sum, [, ms]) => sum + ms, 0)
  return new Map([
    ['leased', at('claimed') - at('submitted')],
    ...steps,
    ['rest', at('ended') - at('claimed') - inSteps],
  ])
}

/** From submit to the lease in the hands of a worker that waits. */
async function measureLease(): Promise<void> {
  await using hub = await startTestHub()
  const times: number[] = []
  for (let round = 0; round < JOBS + WARM_UP; round += 1) {
    const claim = hub.worker.call('claimLease', {
      body: aClaim({ requestId: randomUUID(), waitMs: 20_000 }),
    })
    // Answered on its own connection: by now the hub holds the claim.
    await hub.admin.call('listJobs', {})
    const before = performance.now()
    const submitted = hub.admin.call('submitJob', { body: aJob() })
    await claim
    times.push(performance.now() - before)
    await submitted
  }
  console.log(`\nsubmit to leased: ${shown(times.slice(WARM_UP))}, goal p50 < ${LEASE_GOAL_MS} ms`)
}

function sandboxes(): readonly (readonly [string, (marker: string) => Launch])[] {
  const none = ['none', (marker: string) => unconfined({ marker, log: silentLog })] as const
  const bwrap = locateProgram('bwrap', process.env['PATH'] ?? '')
  if (bwrap === null) {
    console.log('bubblewrap is not installed: measured without it')
    return [none]
  }
  const confined = (marker: string): Launch =>
    bubblewrap({ bwrap, marker, hidden: [], readable: [], log: silentLog })
  return [none, ['bubblewrap', confined]]
}

function shown(times: readonly number[]): string {
  return `median ${percentile(times, 0.5).toFixed(1)} ms, p95 ${percentile(times, 0.95).toFixed(1)} ms`
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

const folder = await mkdtemp(join(tmpdir(), 'millwright-bench-'))
try {
  await bench(folder)
} finally {
  await rm(folder, { recursive: true, force: true })
}
