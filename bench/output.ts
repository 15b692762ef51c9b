// What it costs to keep an agent's output: the log store beside the same bytes written to a file.
// node bench/output.ts [MiB, default 1024] [folder, default the system's temporary one]
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { openDiskLogs } from '../src/artifacts/disk-logs.ts'
import { newJobId } from '../src/domain/id.ts'
import { systemClock } from '../src/platform/clock.ts'
import { LogSender } from '../src/worker/log-sender.ts'
import { startTestHub } from '../test/support/hub.ts'
import { aLease } from '../test/support/jobs.ts'

const KiB = 1024
const MiB = 1024 * KiB
const full = Number(process.argv[2] ?? 1024) * MiB
const folder = await mkdtemp(join(process.argv[3] ?? tmpdir(), 'millwright-bench-'))

/** A worker sends what it has when the agent pauses, and whole segments when it does not. */
const RUNS = [
  { chunk: 64 * KiB, total: Math.min(full, 64 * MiB) },
  { chunk: MiB, total: full },
]
type Run = (typeof RUNS)[number]

/** Writes `total` bytes in chunks; `sync` makes each chunk durable, as a log's append is. */
async function toFile({ chunk, total }: Run, sync: boolean): Promise<void> {
  const path = join(folder, 'file')
  const file = await open(path, 'w')
  for (let at = 0; at < total; at += chunk) {
    await file.appendFile(bytesAt(at, chunk))
    if (sync) await file.datasync()
  }
  await file.sync()
  await file.close()
  await rm(path)
}

const logs = await openDiskLogs(folder)
const jobId = newJobId(Date.now(), randomBytes)
/** A log of its own for each run. */
const addressOf = (run: Run) =>
  ({ jobId, attempt: RUNS.indexOf(run) + 1, stream: 'output' }) as const

async function toLog(run: Run): Promise<void> {
  for (let at = 0; at < run.total; at += run.chunk) {
    await logs.append(addressOf(run), at, bytesAt(at, run.chunk))
  }
}

async function fromLog(run: Run): Promise<void> {
  for (let at = 0; at < run.total;) {
    const { length } = await logs.read(addressOf(run), at, MiB)
    if (length === 0) throw new Error(`the log ends at ${at}`)
    at += length
  }
}

/** The whole way of an agent's words: worker, its file, HTTP, hub, log store. */
async function throughWorker({ total }: Run): Promise<void> {
  await using hub = await startTestHub()
  const { lease, attempt } = await aLease(hub, { limits: { outputBytes: total } })
  const sender = new LogSender(
    {
      hub: attempt,
      fence: { jobId: lease.job.id, attempt: lease.attempt },
      clock: systemClock,
    },
    { stream: 'output', file: join(folder, 'spool'), maxBytes: total },
    new AbortController().signal,
  )
  // As much as a pipe gives at once.
  const text = 'what an agent says while it works, line after line\n'.repeat((64 * KiB) / 52)
  for (let at = 0; at < total; at += text.length) {
    sender.append(text)
    await setImmediate()
  }
  sender.end()
  await sender.flush()
}

const noise = randomBytes(MiB + 4096)
/** Fresh bytes for every chunk, so that nothing is measured that was not copied. */
function bytesAt(at: number, length: number): Buffer {
  const shift = (at / length) % 4096
  return Buffer.from(noise.subarray(shift, shift + length))
}

/** MB/s of a run. */
async function speed({ total }: Run, work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return total / 1e6 / ((performance.now() - start) / 1000)
}

const fileSystem = execFileSync('stat', ['-f', '-c', '%T', folder], { encoding: 'utf8' }).trim()
const memory = () => Math.round(process.memoryUsage.rss() / MiB)
console.log(`file system ${fileSystem}, memory at the start ${memory()} MiB`)
try {
  for (const run of RUNS) {
    const plain = await speed(run, () => toFile(run, false))
    const durable = await speed(run, () => toFile(run, true))
    const written = await speed(run, () => toLog(run))
    const read = await speed(run, () => fromLog(run))
    const way = await speed(run, () => throughWorker(run))
    console.log(
      `${run.total / MiB} MiB in chunks of ${run.chunk / KiB} KiB: ` +
        `file ${plain.toFixed(0)} MB/s, file with each chunk durable ${durable.toFixed(0)}, ` +
        `log ${written.toFixed(0)} (${(durable / written).toFixed(2)} times the durable file), ` +
        `log read ${read.toFixed(0)}, worker to hub to log ${way.toFixed(0)} ` +
        `(${(durable / way).toFixed(2)} times); memory ${memory()} MiB`,
    )
  }
  console.log(`largest memory ${Math.round(process.resourceUsage().maxRSS / KiB)} MiB`)
} finally {
  await rm(folder, { recursive: true, force: true })
}
