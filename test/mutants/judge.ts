import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../../scripts/run.ts'
import { findMutants, type Mutant, mutated } from './find.ts'
import { endLeftovers, runInGroup } from './group.ts'
import { type Suite, suitesOf } from './targets.ts'

const COPIED = ['bin', 'bench', 'docs', 'examples', 'scripts', 'src', 'test', 'package.json']
const SETTINGS = ['tsconfig.json', 'vitest.config.ts']
/** A mutant may run forever; these limits are several times the duration of the suites. */
const QUICK_MS = 120_000
const PATIENT_MS = 300_000
/** How often a suite may fail by chance. */
const TRIES_MAX = 5

/** Skips tests with a sandbox: in a copy, node_modules links to a folder outside the project. */
const UNCONFINED = '--testNamePattern=^(?!a confined job )'
const FLAGS = [UNCONFINED, '--bail=1', '--reporter=default', '--maxWorkers=2']

/** `invalid`: the mutant does not parse, so its test results mean nothing. */
export type Verdict =
  | { readonly kind: 'killed'; readonly by: string }
  | { readonly kind: 'survived' }
  | { readonly kind: 'invalid'; readonly why: string }

/** A copy of the project in which mutants are tried, one at a time. */
export type Copy = AsyncDisposable & {
  readonly project: string
  /** TMPDIR of the tests; outside the project, because a sandbox may expose the project to its agent. */
  readonly temp: string
}

export async function makeCopy(): Promise<Copy> {
  const folder = await mkdtemp(join(tmpdir(), 'mutants-'))
  const copy = { project: join(folder, 'project'), temp: join(folder, 'tmp') }
  for (const name of [...COPIED, ...SETTINGS]) {
    await cp(join(ROOT, name), join(copy.project, name), { recursive: true })
  }
  await symlink(join(ROOT, 'node_modules'), join(copy.project, 'node_modules'))
  await mkdir(copy.temp)
  // PostgreSQL, started by root, runs as the user nobody and must reach its data folder.
  await chmod(folder, 0o755)
  await chmod(copy.temp, 0o1777)
  return { ...copy, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}

/** `tests`: the files to run again; null after a timeout. */
type Red = { readonly tests: readonly string[] | null; readonly says: string }

/** The first failing test of the suites; undefined when all pass. */
export async function firstRed(copy: Copy, suites: readonly Suite[]): Promise<string | undefined> {
  for (const suite of suites) {
    const red = await surelyRed(copy, suite)
    if (red !== undefined) return red
  }
  return undefined
}

/**
 * The first test that fails twice: a busy machine can make a test fail once. When the second run
 * passes, the suite runs again, because `--bail` skipped the tests after the failure.
 */
async function surelyRed(copy: Copy, suite: Suite): Promise<string | undefined> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const red = await runSuite(copy, suite)
    if (red === undefined) return undefined
    if (red.tests === null) return red.says
    const again = await runSuite(copy, { ...suite, tests: red.tests })
    if (again !== undefined) return again.says
  }
  return undefined
}

/** Runs the tests on one mutant and restores the copy. */
export async function judge(mutant: Mutant, copy: Copy): Promise<Verdict> {
  const file = join(copy.project, mutant.path)
  const source = await readFile(file, 'utf8')
  const text = mutated(source, mutant)
  try {
    findMutants(mutant.path, text)
  } catch (error) {
    return { kind: 'invalid', why: String(error) }
  }
  try {
    await writeFile(file, text)
    const by = await firstRed(copy, suitesOf(mutant.path))
    if (by === undefined) return { kind: 'survived' }
    const isNoSql = mutant.kind === 'condition' && /syntax error/i.test(by)
    return isNoSql ? { kind: 'invalid', why: by } : { kind: 'killed', by }
  } finally {
    await writeFile(file, source)
  }
}

async function runSuite(
  { project, temp }: Copy,
  { tests, patient }: Suite,
): Promise<Red | undefined> {
  const { NODE_OPTIONS: _options, ...env } = process.env
  const { code, said } = await runInGroup(
    [join(ROOT, 'node_modules', '.bin', 'vitest'), 'run', ...tests, ...FLAGS],
    {
      cwd: project,
      env: {
        ...env,
        NO_COLOR: '1',
        TMPDIR: temp,
        MODEL_SEED: '7',
        ...(patient ? { MILLWRIGHT_TEST_ALL: '1' } : {}),
      },
      output: join(temp, 'output'),
      limitMs: patient ? PATIENT_MS : QUICK_MS,
    },
  )
  await endLeftovers(project, temp)
  if (code === 'late') return { tests: null, says: 'timed out' }
  return code === 0 ? undefined : redIn(said, tests)
}

/** Parses vitest's output for the first failed test. It names none when two files failed at once. */
function redIn(output: string, tests: readonly string[]): Red {
  const test = /^ FAIL {2}(.+)$/m.exec(output)?.[1]
  if (test === undefined) {
    return { tests, says: /^ +× (.+)$/m.exec(output)?.[1] ?? output.trim().slice(-200) }
  }
  const [file = ''] = test.split(' > ')
  const error = /^\w*Error: .+$/m.exec(output)?.[0] ?? ''
  return { tests: [file], says: `${test} (${error.slice(0, 120)})` }
}
