import type { CellResult } from './cell.ts'
import type { Episode } from './episode.ts'
import type { Verdict } from './evidence.ts'
import { type Meeting, MEETINGS } from './places.ts'

export type Results = {
  readonly cells: readonly CellResult[]
  readonly episodes: readonly Episode[]
}

const VERDICTS = ['lost', 'duplicated', 'staleAccepted', 'orphaned'] as const

/** Prints everything as Markdown; answers whether all promises were kept. */
export function print({ cells, episodes }: Results, { seconds }: { seconds: number }): boolean {
  for (const engine of ['sqlite', 'postgres'] as const) {
    const own = cells.filter((cell) => cell.engine === engine)
    if (own.length > 0) printMatrix(engine === 'sqlite' ? 'SQLite' : 'PostgreSQL', own)
  }
  if (episodes.length > 0) printEpisodes(episodes)
  const wrong = [...cells, ...episodes].filter((result) => wrongIn(result).length > 0)
  printTotals({ cells, episodes }, seconds)
  return wrong.length === 0
}

const row = (...cells: readonly (string | number)[]): void =>
  console.log(`| ${cells.join(' | ')} |`)
const head = (...names: readonly string[]): void => {
  row(...names)
  row(...names.map(() => '---'))
}

function printMatrix(engine: string, cells: readonly CellResult[]): void {
  console.log(`\n### ${engine}: ${cells.length} cells\n`)
  head('moment', 'point', 'in', 'killed', 'paused longer than the lease', 'reply lost')
  for (const meeting of MEETINGS) {
    for (const nth of meeting.passes ?? [1]) {
      const own = cells.filter((cell) => cell.meeting === meeting && cell.nth === nth)
      const faults = (['kill', 'pause', 'cut'] as const).map((fault) =>
        inWords(own.find((cell) => cell.fault === fault)),
      )
      if (own.length > 0) row(nameOf(meeting, nth), meeting.point, meeting.in, ...faults)
    }
  }
}

/** With the scenario of a moment that is met in several. */
function nameOf({ label, scenario, passes = [1] }: Meeting, nth: number): string {
  const isOneOfMany = MEETINGS.filter((meeting) => meeting.label === label).length > 1
  const parts = [
    `\`${label}\``,
    ...(isOneOfMany ? [scenario] : []),
    ...(passes.length > 1 ? [`pass ${nth}`] : []),
  ]
  return parts.join(', ')
}

/** `ok`, with the time until another attempt began when there was one. */
function inWords(cell: CellResult | undefined): string {
  if (cell === undefined) return ''
  const wrong = wrongIn(cell)
  if (wrong.length > 0) return `**${wrong.length} wrong**`
  return cell.takeover === null ? 'ok' : `ok, ${(cell.takeover / 1000).toFixed(1)} s`
}

function printEpisodes(episodes: readonly Episode[]): void {
  console.log('\n### Under load, and in bad surroundings\n')
  head(
    'what',
    'blows',
    'jobs',
    'lost',
    'duplicated',
    'stale accepted',
    'orphaned',
    'seconds',
    'note',
  )
  for (const episode of episodes) {
    const { name, blows, jobs, seconds, note } = episode
    row(name, blows, jobs, ...VERDICTS.map((one) => episode[one].length), seconds.toFixed(0), note)
  }
}

/** In words, whatever should not be. */
export function wrongIn(result: CellResult | Episode): readonly string[] {
  const verdicts = VERDICTS.flatMap((one) => result[one].map((words) => `${one}: ${words}`))
  const never = 'isHit' in result && !result.isHit ? ['the moment never came'] : []
  const crashed = result.crashes > 0 ? [`${result.crashes} programs ended by themselves`] : []
  return [...verdicts, ...never, ...crashed]
}

/** Told at once, for a run may take long. */
export function printWrong(result: CellResult | Episode): void {
  const name =
    'meeting' in result
      ? `${nameOf(result.meeting, result.nth)}, ${result.fault}, ${result.engine}`
      : result.name
  console.log(`\nWRONG: ${name} (see ${result.folder})`)
  for (const words of wrongIn(result)) console.log(`- ${words}`)
}

function printTotals({ cells, episodes }: Results, seconds: number): void {
  const sum = (one: keyof Verdict): number =>
    [...cells, ...episodes].reduce((total, result) => total + result[one].length, 0)
  const killed = cells.filter(({ fault }) => fault === 'kill').length
  const random = episodes
    .filter(({ name }) => name.startsWith('random kills'))
    .reduce((total, { blows }) => total + blows, 0)
  const takeovers = [
    ...cells.flatMap(({ takeover }) => (takeover === null ? [] : [takeover])),
    ...episodes.flatMap((episode) => episode.takeovers),
  ].toSorted((one, other) => one - other)
  const at = (share: number): string => {
    const ms = takeovers[Math.ceil(share * takeovers.length) - 1]
    return ms === undefined ? 'none' : `${(ms / 1000).toFixed(1)} s`
  }
  const missed = new Set(cells.filter(({ isHit }) => !isHit).map(({ meeting }) => meeting))
  console.log('\n### Totals\n')
  head('what', 'figure')
  row('cells', cells.length)
  row('moments never met', missed.size)
  row('kills survived', killed + random)
  row('takeovers', takeovers.length)
  row('takeover p50', at(0.5))
  row('takeover p95', at(0.95))
  row('lost', sum('lost'))
  row('duplicated', sum('duplicated'))
  row('stale accepted', sum('staleAccepted'))
  row('orphaned', sum('orphaned'))
  row('seconds', seconds.toFixed(0))
}
