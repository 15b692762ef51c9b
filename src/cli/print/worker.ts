import { LOCAL_REPOSITORY, meets } from '../../domain/offer.ts'
import { plural } from '../../domain/plural.ts'
import { duration } from '../../words/quantity.ts'
import { safeLine } from '../../words/safe-text.ts'
import { isAway, type Seen } from '../../words/why-waiting.ts'
import { columns, type Printer } from './printer.ts'

/** Formats a worker: a line with its state, then a row for each thing that it offers to jobs. */
export function workerReport(
  worker: Seen,
  now: number,
  paint: Printer['paint'],
): readonly string[] {
  const { running, slots, offers } = worker
  const state = isAway(worker, now) ? 'away' : `${running} of ${plural(slots, 'slot')} busy`
  const seen = `seen ${duration(now - worker.seenAt)} ago`
  const head = [state, seen, `version ${safeLine(worker.version)}`].join(' · ')
  const rows = [
    ['agents', listed(offered(worker, 'agent'))],
    ['models', listed(offered(worker, 'model').filter((model) => model !== 'default'))],
    ['generators', listed(offered(worker, 'generator'))],
    ['local repositories', meets(LOCAL_REPOSITORY, offers) ? 'yes' : 'no'],
    ['sandbox', worker.sandbox],
    ['system', listed(offered(worker, 'os'))],
    ['labels', listed(worker.labels)],
    ['kinds', listed(worker.kinds)],
    ...(worker.restrictedTo === null ? [] : [['only jobs', listed(worker.restrictedTo)]]),
  ]
  const name = paint('bold', safeLine(worker.name))
  return [`${name}  ${head}`, ...columns(rows).map((line) => `  ${line}`)]
}

/** The values of the offers that begin with this word, such as `codex` for `agent:codex`. */
const offered = ({ offers }: Seen, word: string): readonly string[] =>
  offers.flatMap((offer) => (offer.startsWith(`${word}:`) ? [offer.slice(word.length + 1)] : []))

const listed = (names: readonly string[]): string =>
  names.length === 0 ? 'none' : safeLine(names.join(', '))
