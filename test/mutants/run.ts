// npm run mutants [-- --only <path>[:line]] [--record <file>]: removes conditions, guards and locks, one at a
// time, and expects a test to fail for each. Prints a table; see docs/mutants.md.
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { EQUIVALENT, proofOf } from './equivalent.ts'
import type { Mutant } from './find.ts'
import { type Copy, firstRed, judge, makeCopy, type Verdict } from './judge.ts'
import { Record } from './record.ts'
import { allMutants, suitesOf } from './targets.ts'

/** Mutants in parallel; the tests of each use several processes too. */
const SIDE_BY_SIDE = 2

type Judged = { readonly mutant: Mutant; readonly verdict: Verdict }

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    record: { type: 'string' },
    list: { type: 'boolean' },
  },
})
const placeOf = ({ path, line }: Mutant): string => `${path}:${line}`
const chosen = allMutants().filter(
  (mutant) => values.only?.some((only) => `${placeOf(mutant)}:`.startsWith(only)) ?? true,
)
const shown = (mutant: Mutant): string =>
  `${placeOf(mutant)} ${mutant.kind} «${mutant.was}» becomes ${mutant.becomes}`

if (values.list === true) for (const mutant of chosen) console.log(shown(mutant))
else process.exitCode = report(await judgeAll(chosen))

/** Throws before the first mutant when a test fails on the unchanged source. */
async function judgeAll(mutants: readonly Mutant[]): Promise<readonly Judged[]> {
  await using stack = new AsyncDisposableStack()
  const copies: Copy[] = []
  for (let copy = 0; copy < SIDE_BY_SIDE; copy += 1) copies.push(stack.use(await makeCopy()))
  const suites = [...new Set(mutants.flatMap(({ path }) => suitesOf(path)))]
  const red = await firstRed(copies[0]!, suites)
  if (red !== undefined) throw new Error(`a test fails without any mutant: ${red}`)

  const record = new Record(values.record)
  const waiting: Mutant[] = []
  const judged: Judged[] = []
  for (const mutant of mutants) {
    const by = record.killerOf(mutant)
    if (by === undefined) waiting.push(mutant)
    else judged.push({ mutant, verdict: { kind: 'killed', by } })
  }
  const work = async (copy: Copy): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const began = performance.now()
      const verdict = await judge(mutant, copy)
      judged.push({ mutant, verdict })
      if (verdict.kind === 'killed') record.add(mutant, verdict.by)
      const seconds = ((performance.now() - began) / 1000).toFixed(0)
      const count = `[${judged.length}/${mutants.length}] ${seconds} s`
      console.log(`${count} ${verdict.kind}: ${shown(mutant)}${because(verdict)}`)
    }
  }
  await Promise.all(copies.map(work))
  return judged
}

function because(verdict: Verdict): string {
  if (verdict.kind === 'killed') return ` by ${verdict.by}`
  return verdict.kind === 'invalid' ? `: ${verdict.why}` : ''
}

/** Prints the table and the problems; returns the exit code. */
function report(judged: readonly Judged[]): number {
  console.log('\n| folder | mutants | killed | survived | equivalent |\n|---|---|---|---|---|')
  const folders = Map.groupBy(judged, ({ mutant }) => dirname(mutant.path))
  for (const folder of [...folders.keys()].toSorted()) {
    console.log(`| ${[`\`${folder}\``, ...countsOf(folders.get(folder) ?? [])].join(' | ')} |`)
  }
  console.log(`| ${['all', ...countsOf(judged)].join(' | ')} |`)
  const wrong = judged.filter(isWrong)
  for (const { mutant, verdict } of wrong) console.log(`${verdict.kind}: ${shown(mutant)}`)
  const unknown = EQUIVALENT.filter((entry) => !allMutants().some((one) => proofOf(one) === entry))
  for (const { path, was } of unknown) console.log(`proof without a mutant: ${path} «${was}»`)
  return wrong.length + unknown.length === 0 ? 0 : 1
}

function isEquivalent({ mutant, verdict }: Judged): boolean {
  return verdict.kind === 'survived' && proofOf(mutant) !== undefined
}

/** Survivors without a proof, killed mutants with one, and invalid mutants. */
function isWrong(one: Judged): boolean {
  return one.verdict.kind === 'killed' ? proofOf(one.mutant) !== undefined : !isEquivalent(one)
}

function countsOf(found: readonly Judged[]): readonly number[] {
  return [
    found.length,
    found.filter(({ verdict }) => verdict.kind === 'killed').length,
    found.filter((one) => one.verdict.kind === 'survived' && !isEquivalent(one)).length,
    found.filter(isEquivalent).length,
  ]
}
