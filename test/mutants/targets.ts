import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../scripts/run.ts'
import { findMutants, type Mutant } from './find.ts'

/** Tests that run together; `patient` ones may take long and need PostgreSQL. */
export type Suite = { readonly tests: readonly string[]; readonly patient: boolean }

const quick = (...tests: readonly string[]): Suite => ({ tests, patient: false })
const patient = (...tests: readonly string[]): Suite => ({ tests, patient: true })

const OF_LEDGER: readonly Suite[] = [
  quick('test/ledger/bystanders', 'test/ledger/not-isolated', 'test/ledger/plans', 'src/domain'),
  quick(
    'test/conformance/sqlite',
    'test/ledger/stranded',
    'test/ledger/time',
    'test/ledger/version-4',
    'src/ledger',
  ),
  quick('test/model'),
  patient('test/ledger/advisory-locks'),
  patient('test/ledger/races', 'test/ledger/submitter-races', 'test/conformance/postgres'),
  patient('test/model'),
  quick('test/hub'),
]
const OF_WORKER: readonly Suite[] = [quick('src/worker', 'src/pipeline'), quick('test/worker')]
const OF_HUB: readonly Suite[] = [quick('src/hub', 'test/hub'), quick('test/worker')]

/** The sources whose guards protect leases, and the suites that must kill their mutants, fastest first. */
const TARGETS: readonly { readonly from: RegExp; readonly suites: readonly Suite[] }[] = [
  // Engines, migrations and backup are not mutated; other tests cover them, see SPEC.md.
  { from: /^src\/ledger\/(?:transactions\/)?(?!sql\.|migration\.)[^/]+$/, suites: OF_LEDGER },
  { from: /^src\/ledger\/sqlite\/lease-clock\.ts$/, suites: OF_LEDGER },
  { from: /^src\/domain\/(?:lane|machine|retry)\.ts$/, suites: OF_LEDGER },
  {
    from: /^src\/worker\/(?:keep-leases\/[\w-]+|hub-call|lease-loop|deliver-report|work-on)\.ts$/,
    suites: OF_WORKER,
  },
  { from: /^src\/pipeline\/stop-order\.ts$/, suites: OF_WORKER },
  {
    from: /^src\/hub\/desk\/(?:refuse-ended|claim-line|claim|renew|end-attempt)\.ts$/,
    suites: OF_HUB,
  },
]

export const suitesOf = (path: string): readonly Suite[] =>
  TARGETS.find(({ from }) => from.test(path))?.suites ?? []

export type Source = { readonly path: string; readonly text: string }

/** The sources that are mutated. */
export const sources = (): readonly Source[] =>
  readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .map((name) => `src/${name.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .filter((path) => suitesOf(path).length > 0)
    .toSorted()
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))

export const allMutants = (): readonly Mutant[] =>
  sources().flatMap(({ path, text }) => findMutants(path, text))
