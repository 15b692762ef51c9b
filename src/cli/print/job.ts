import { bytes } from '../../domain/bytes.ts'
import type { Closed } from '../../domain/closed.ts'
import type { Delivery } from '../../domain/delivery.ts'
import type { JobEvent } from '../../domain/event.ts'
import { type Evidence, evidenceOf } from '../../domain/evidence.ts'
import { type Hint, hint } from '../../domain/hint.ts'
import { shortId } from '../../domain/id.ts'
import type { Job } from '../../domain/job.ts'
import { plural } from '../../domain/plural.ts'
import { REASONS } from '../../domain/reasons.ts'
import type { JobState } from '../../domain/state.ts'
import type { ArtifactInfo } from '../../protocol/schemas.ts'
import { factsOf, lackOf, promptOf } from '../job-kind.ts'
import { checkRows } from '../../words/checks.ts'
import { deliveryRow } from '../../words/delivery.ts'
import { diffstat } from '../../words/diffstat.ts'
import { changeText, eventText, publicationText } from '../../words/event.ts'
import { columns, type Printer, type Style } from './printer.ts'
import { compactUsage, duration, moment, usage, zonedMoment } from '../../words/quantity.ts'
import { safeLine, safeText } from '../../words/safe-text.ts'
import { PROMPT_KEPT, shortened, shortenedOutput } from '../../words/shorten.ts'
import { silentWorker } from '../../words/silent-worker.ts'
import { stepRows } from '../../words/steps.ts'
import { type Seen, whyClosedText, whyHeldBack, whyNoWorker } from '../../words/why-waiting.ts'
import { withoutWorkspace } from '../../words/workspace-path.ts'

const COLOR: Record<JobState, Style> = {
  queued: 'yellow',
  running: 'cyan',
  paused: 'magenta',
  succeeded: 'green',
  failed: 'red',
  cancelled: 'gray',
}

/**
 * A job that succeeded without any change is not shown in green, because people expect a change.
 */
const colorOf = ({ state, reason }: Job): Style =>
  reason === 'no-change' && state === 'succeeded' ? 'yellow' : COLOR[state]

/** One line with a job's state, and a second line with the next step if there is one. */
export function verdictLines(
  job: Job,
  next: Hint | null,
  { paint, hint: write }: Pick<Printer, 'paint' | 'hint'>,
): readonly string[] {
  const state = `${shortId(job.id)} ${paint(colorOf(job), job.state)}`
  if (job.reason === null) return [state]
  const { means } = REASONS[job.reason]
  const by = job.reason === 'cancelled-by-request' ? job.cancelRequestedBy : null
  return [
    `${state}${by === null ? `: ${means}` : ` by ${safeLine(by)}`} (${job.reason})`,
    ...(next === null ? [] : [`  next: ${write(next)}`]),
  ]
}

/** Formats jobs as a table with one line for each job. */
export function jobTable(
  jobs: readonly Job[],
  {
    now,
    workers,
    closed,
    paint,
  }: {
    readonly now: number
    /** The hub's workers; null if they are not known. */
    readonly workers: readonly Seen[] | null
    /** The closed resources that the hub knows; jobs may be waiting for them. */
    readonly closed: readonly Closed[]
    readonly paint: Printer['paint']
  },
): readonly string[] {
  const names = ['id', 'state', 'age', 'kind', 'tokens in/out, cost', 'by', 'reason', 'title']
  const head = names.map((name) => paint('dim', name))
  const rows = jobs.map((job) => [
    shortId(job.id),
    paint(colorOf(job), job.state),
    duration(now - job.createdAt),
    safeLine(job.kind),
    job.usage === null ? '' : compactUsage(job.usage),
    safeLine(job.submittedBy ?? ''),
    whyClosedText(job, closed, now) ??
      whyNotAtWork(job, workers, now) ??
      job.reason ??
      job.step ??
      '',
    safeLine(job.title).slice(0, 60),
  ])
  return columns([head, ...rows])
}

function whyNotAtWork(job: Job, workers: readonly Seen[] | null, now: number): string | null {
  const why = whyHeldBack(job) ?? silentWorker(job, now)
  if (why !== null || job.state !== 'queued' || workers === null) return why
  return whyNoWorker(job, workers, now, lackOf)?.what ?? null
}

/** Formats everything about one job for people. */
export function jobReport(
  about: {
    readonly job: Job
    /** What a person should do next. */
    readonly next: Hint | null
    readonly events: readonly JobEvent[]
    readonly artifacts: readonly ArtifactInfo[]
    /** The job's callback deliveries, newest first. */
    readonly deliveries: readonly Delivery[]
    /** Why no worker has claimed the job; null if the job is not waiting. */
    readonly waitsFor: string | null
    /** Whether the prompt and the detail are shown in full. */
    readonly isFull: boolean
  },
  print: Pick<Printer, 'paint' | 'hint'>,
): readonly string[] {
  const { paint } = print
  const { job, next, events, artifacts, deliveries, waitsFor, isFull } = about
  const evidence = evidenceOf(events)
  return [
    ...verdictLines(job, next, print),
    ...detailLines(job, isFull),
    '',
    ...columns(facts(job, waitsFor, evidence)).map((line) => `  ${line}`),
    ...section('prompt', promptLines(job, isFull), paint),
    ...section('change', changeLines(job, evidence, print), paint),
    ...section('checks', columns(checkRows(events)), paint),
    ...section('steps', columns(stepRows(events)), paint),
    ...section('artifacts', columns(artifacts.map(artifactRow)), paint),
    ...section('callbacks', columns(deliveries.toReversed().map(deliveryRow)), paint),
    ...section('events', columns(events.map(eventRow)), paint),
    ...section(
      'last message of the agent',
      safeText(job.summary ?? '')
        .split('\n')
        .filter(Boolean),
      paint,
    ),
  ]
}

export const artifactRow = (artifact: ArtifactInfo): readonly string[] => [
  safeLine(artifact.name),
  bytes(artifact.size),
  `attempt ${artifact.attempt}`,
  safeLine(artifact.mediaType),
]

function facts(
  job: Job,
  waitsFor: string | null,
  { base }: Evidence,
): readonly (readonly string[])[] {
  const rows: readonly (readonly [string, string | null])[] = [
    ['title', safeLine(job.title)],
    ['id', job.id],
    ['kind', safeLine(job.kind)],
    ...factsOf(job).map(([name, value]) => [name, safe(value)] as const),
    ['base', base === null ? null : safeLine(base.revision)],
    ['group', safe(job.group)],
    ['continues', job.retryOf],
    ['priority', job.priority === 0 ? null : String(job.priority)],
    ['labels', listed(job.labels)],
    ['locks', listed(job.locks)],
    ['demands', listed(job.demands)],
    ['waiting', waitsFor],
    ['attempt', job.attempt === 0 ? null : String(job.attempt)],
    ['failures', job.failures === 0 ? null : `${job.failures} of ${job.retry.maxFailures}`],
    ['worker', safe(job.worker)],
    ['step', safe(job.step)],
    ['sandbox', job.sandbox === 'none' ? 'none: the agent is not confined' : job.sandbox],
    ['published', job.publication === null ? null : publicationText(job.publication)],
    ['used', job.usage === null || job.usage.requests === 0 ? null : usage(job.usage)],
    ['models', listed(job.usage?.models ?? [])],
    ['submitted', zonedMoment(job.createdAt)],
    ['submitted by', safe(job.submittedBy)],
    ['cancel requested by', safe(job.cancelRequestedBy)],
    ['hold until', job.holdUntil === null ? null : zonedMoment(job.holdUntil)],
    ['started', job.startedAt === null ? null : moment(job.startedAt)],
    ['ended', job.endedAt === null ? null : moment(job.endedAt)],
  ]
  return rows.flatMap(([name, value]) => (value === null ? [] : [[name, value]]))
}

const eventRow = (event: JobEvent): readonly string[] => [
  moment(event.at),
  String(event.seq),
  eventText(event),
]

function section(
  title: string,
  lines: readonly string[],
  paint: Printer['paint'],
): readonly string[] {
  return lines.length === 0 ? [] : ['', paint('bold', title), ...lines.map((line) => `  ${line}`)]
}

const safe = (text: string | null): string | null => (text === null ? null : safeLine(text))

const listed = (names: readonly string[]): string | null =>
  names.length === 0 ? null : safeLine(names.join(', '))

/** The lines of a job's detail, such as the output of a failed check; shortened unless `isFull`. */
export const detailLines = ({ detail }: Job, isFull: boolean): readonly string[] =>
  detail === ''
    ? []
    : textLines(detail, isFull ? wholeLines : shortenedOutput).map((line) =>
        line === '' ? '' : `  ${line}`,
      )

function promptLines(job: Job, isFull: boolean): readonly string[] {
  const prompt = promptOf(job)
  return prompt === null ? [] : textLines(prompt, isFull ? wholeLines : promptStart)
}

const textLines = (
  text: string,
  linesOf: (plain: string) => readonly string[],
): readonly string[] => linesOf(withoutWorkspace(safeText(text)).trimEnd())

const wholeLines = (plain: string): readonly string[] => plain.split('\n')

const promptStart = (plain: string): readonly string[] => shortened(plain, PROMPT_KEPT)

/** The changed files, and the command that shows the change. */
function changeLines(
  job: Job,
  { change }: Evidence,
  print: Pick<Printer, 'paint' | 'hint'>,
): readonly string[] {
  if (change === null) return []
  if (change.files === 0) return ['nothing was changed']
  const files = change.changed.map(({ path, insertions, deletions }) => ({
    path,
    isBinary: insertions === null,
    insertions: insertions ?? 0,
    deletions: deletions ?? 0,
  }))
  const more = change.files - files.length
  return [
    ...diffstat(files, print.paint).slice(0, -1),
    ...(more > 0 ? [` … ${plural(more, 'more file')}`] : []),
    ` ${print.hint(hint(changeText(change), ['diff', shortId(job.id)]))}`,
  ]
}
