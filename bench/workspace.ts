// How long until a workspace is ready, beside what git alone takes for the same.
// node bench/workspace.ts [file counts, default 200,10000,50000] [folder, default the system's temporary one]
import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { CheckoutOptions } from '../src/workspace/checkout-options.ts'
import { prepareWorkspace } from '../src/workspace/prepare.ts'
import { removeTree } from '../src/platform/remove-tree.ts'
import { takeTree } from '../src/workspace/take-tree.ts'
import { byHand, GIT_ENV, gitSettings, patient, startAt } from '../test/support/repository.ts'
import { serveGit } from '../test/support/serve-git.ts'

type Size = {
  readonly files: number
  readonly fileBytes: number
  readonly commits: number
  readonly rounds: number
  /** How many times faster than `git clone` over http it should be. */
  readonly goal: number
}

const WHOLE = CheckoutOptions.parse({})
const SIZES: readonly Size[] = [
  { files: 200, fileBytes: 4000, commits: 100, rounds: 9, goal: 1.8 },
  { files: 10_000, fileBytes: 6000, commits: 11_000, rounds: 5, goal: 15 },
  { files: 50_000, fileBytes: 8000, commits: 200, rounds: 3, goal: 3 },
]
/** Files that one commit edits. */
const EDITS = 6
const OVERHEAD_GOAL = 1.15

async function measure(folder: string, size: Size): Promise<void> {
  const remote = join(folder, 'remote.git')
  await makeHistory(remote, size)
  await using server = disposable(await serveGit(folder))
  const url = `${server.url}/remote.git`
  const run = runsOf(folder, url)
  // Makes the caches; what comes after is the steady state.
  await run.ours()
  await byHand(folder, 'clone', '-q', '--mirror', url, 'mirror.git')
  const times: Record<'ours' | 'fetchAndCheckout' | 'clone' | 'take', number[]> = {
    ours: [],
    fetchAndCheckout: [],
    clone: [],
    take: [],
  }
  for (let round = 0; round < size.rounds; round += 1) {
    await run.clear()
    times.fetchAndCheckout.push(await timed(run.fetchAndCheckout))
    times.ours.push(await timed(run.ours))
    await run.edit()
    times.take.push(await timed(run.take))
    if (round < 3) times.clone.push(await timed(run.clone))
  }
  const ours = median(times.ours)
  const bare = median(times.fetchAndCheckout)
  const clone = median(times.clone)
  console.log(
    `\n${size.files} files, ${size.commits} commits, ${await sizeOf(remote)} of history, on ${await fileSystem(folder)}`,
  )
  report('workspace ready', ours)
  report('no-op fetch + checkout', bare)
  report('git clone over http', clone)
  report('taking 250 changed files', median(times.take))
  goal(
    'times as long as fetch + checkout',
    ours / bare,
    (ratio) => ratio <= OVERHEAD_GOAL,
    OVERHEAD_GOAL,
  )
  goal('times faster than a clone', clone / ours, (ratio) => ratio >= size.goal, size.goal)
}

function runsOf(folder: string, url: string) {
  const settings = gitSettings(folder)
  let count = 0
  let latest: Awaited<ReturnType<typeof prepareWorkspace>> | null = null
  const workspace = () => {
    if (latest === null) throw new Error('there is no workspace yet')
    return latest
  }
  const fresh = async () => {
    const run = join(folder, 'runs', String((count += 1)))
    await mkdir(run, { recursive: true })
    return run
  }
  return {
    clear: () => removeTree(join(folder, 'runs')),
    ours: async () => {
      const start = startAt(['HEAD'])
      const attempt = { folder: await fresh(), repository: url, start, change: null }
      latest = await prepareWorkspace({ ...attempt, checkout: WHOLE, settings }, patient())
    },
    fetchAndCheckout: async () => {
      const mirror = join(folder, 'mirror.git')
      await byHand(mirror, 'fetch', '-q', 'origin')
      const tree = await fresh()
      const index = { ...GIT_ENV, GIT_INDEX_FILE: `${tree}.index` }
      const large = ['-c', 'checkout.workers=0', '-c', 'checkout.thresholdForParallelism=20000']
      const args = [
        ...large,
        `--git-dir=${mirror}`,
        `--work-tree=${tree}`,
        'read-tree',
        '-u',
        '--reset',
        'HEAD',
      ]
      await promisify(execFile)('git', args, { env: index, cwd: tree })
    },
    clone: async () => {
      await byHand(await fresh(), 'clone', '-q', url, '.')
    },
    edit: async () => {
      const script =
        'for i in $(seq 0 49); do echo x >> d$((i / 20))/f$((i % 20)); done; for i in $(seq 200); do echo $i > new$i; done'
      await promisify(execFile)('sh', ['-ec', script], { cwd: workspace().tree })
    },
    take: async () => void (await takeTree(workspace(), patient())),
  }
}

async function timed(run: () => Promise<void>): Promise<number> {
  const from = performance.now()
  await run()
  return performance.now() - from
}

const median = (times: readonly number[]): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN

const report = (what: string, ms: number): void =>
  console.log(`  ${what.padEnd(34)} ${ms.toFixed(0).padStart(7)} ms`)

function goal(what: string, ratio: number, isMet: (ratio: number) => boolean, wish: number): void {
  const verdict = isMet(ratio) ? 'met' : 'MISSED'
  console.log(`  ${what.padEnd(34)} ${ratio.toFixed(2).padStart(7)}     goal ${wish}: ${verdict}`)
}

/** A history whose texts hardly compress but resemble their predecessors, packed as a server would. */
async function makeHistory(remote: string, size: Size): Promise<void> {
  await byHand(tmpdir(), 'init', '-q', '--bare', '-b', 'main', remote)
  const child = spawn('git', ['fast-import', '--quiet'], {
    cwd: remote,
    env: GIT_ENV,
    stdio: ['pipe', 'inherit', 'inherit'],
  })
  Readable.from(history(size)).pipe(child.stdin)
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`git fast-import ended with ${String(code)}`)
  await byHand(remote, 'repack', '-adfq', '--threads=4')
}

function* history({ files, fileBytes, commits }: Size): Generator<string> {
  const texts = Array.from({ length: files }, () => randomText(fileBytes))
  for (let commit = 0; commit < commits; commit += 1) {
    yield `commit refs/heads/main\ncommitter Ada <ada@example.org> ${1_700_000_000 + commit} +0000\ndata 1\nx\n`
    const edited = commit === 0 ? texts.keys() : editedBy(commit, files)
    for (const file of edited) {
      const text = texts[file] ?? ''
      // More than half of it is new.
      const next = text.slice(0, fileBytes * 0.4) + randomText(fileBytes * 0.6)
      texts[file] = next
      const path = `d${Math.floor(file / 20)}/f${file % 20}`
      yield `M 100644 inline ${path}\ndata ${next.length}\n${next}\n`
    }
  }
}

const editedBy = (commit: number, files: number): number[] =>
  Array.from({ length: EDITS }, (_, edit) => (commit * 7919 + edit * 104_729) % files)

const randomText = (length: number): string =>
  randomBytes(Math.ceil((length * 3) / 4))
    .toString('base64')
    .slice(0, length)

async function sizeOf(remote: string): Promise<string> {
  const { stdout } = await promisify(execFile)('du', ['-sm', remote])
  return `${Number.parseInt(stdout, 10)} MB`
}

async function fileSystem(folder: string): Promise<string> {
  const { stdout } = await promisify(execFile)('stat', ['-f', '-c', '%T', folder])
  return stdout.trim()
}

const disposable = <Server extends { close(): Promise<void> }>(server: Server) =>
  Object.assign(server, { [Symbol.asyncDispose]: () => server.close() })

const [counts = SIZES.map(({ files }) => files).join(','), place = tmpdir()] = process.argv.slice(2)
const wanted = new Set(counts.split(',').map(Number))

for (const size of SIZES.filter(({ files }) => wanted.has(files))) {
  const folder = await mkdtemp(join(place, 'millwright-bench-'))
  try {
    await measure(folder, size)
  } finally {
    await removeTree(folder)
  }
}
