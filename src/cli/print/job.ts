import { bytes } from '../../domain/bytes.ts'
import type { Delivery } from '../../domain/delivery.ts'
import type { JobEvent } from '../../domain/event.ts'
import type { Hint } from '../../domain/hint.ts'
import { shortId } from '../../domain/id.ts'
import type { Job } from '../../domain/job.ts'
import { REASONS } from '../../domain/reasons.ts'
import type { JobState } from '../../domain/state.ts'
import type { ArtifactInfo } from '../../protocol/schemas.ts'
import { factsOf } from '../job-kind.ts'
import { deliveryRow } from '../../words/delivery.ts'
import { eventText, publicationText } from '../../words/event.ts'
import { columns, type Printer, type Style } from './printer.ts'
import { compactUsage, duration, moment, usage, zonedMoment } from '../../words/quantity.ts'
import { safeLine, safeText } from '../../words/safe-text.ts'
import { stepRows } from '../../words/steps.ts'
import { whyHeldBack } from '../../words/why-waiting.ts'

const COLOR: Record<JobState, Style> = {
  queued: 'yellow',
  running: 'cyan',
  paused: 'magenta',
  succeeded: 'green',
  failed: 'red',
  cancelled: 'gray',
}

/** A job that succeeded without any change is not shown in green, because people expect a change. */
const colorOf = ({ state, reason }: Job): Style =>
  reason === 'no-change' && state === 'succeeded' ? 'yellow' : COLOR[state]

/** One line with a job's state, and a second line with the next step if there is one. */
export function verdictLines(
  job: Job,
  { paint, hint }: Pick<Printer, 'paint' | 'hint'>,
): readonly string[] {
  const state = `${shortId(job.id)} ${paint(colorOf(job), job.state)}`
  if (job.reason === null) return [state]
  const { means, fix } = REASONS[job.reason]
  const by = job.reason === 'cancelled-by-request' ? job.cancelRequestedBy : null
  return [
    `${state}${by === null ? `: ${means}` : ` by ${safeLine(by)}`} (${job.reason})`,
    ...(fix === null ? [] : [`  next: ${hint(ofJob(fix, shortId(job.id)))}`]),
  ]
}

/** Replaces the placeholder `<job>` in a hint's commands by a job's id. */
const ofJob = ({ text, commands }: Hint, id: string): Hint => ({
  text,
  commands: commands.map(([name, ...words]) => [
    name,
    ...words.map((word) => (word === '<job>' ? id : word)),
  ]),
})

/** Formats jobs as a table with one line for each job. */
export function jobTable(
  jobs: readonly Job[],
  now: number,
  paint: Printer['paint'],
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
    whyHeldBack(job) ?? job.reason ?? job.step ?? '',
    safeLine(job.title).slice(0, 60),
  ])
  return columns([head, ...rows])
}

/** Formats everything about one job for people. */
export function jobReport(
  about: {
    readonly job: Job
    readonly events: readonly JobEvent[]
    readonly artifacts: readonly ArtifactInfo[]
    /** The job's callback deliveries, newest first. */
    readonly deliveries: readonly Delivery[]
    /** Why no worker has claimed the job; null if it is not waiting. */
    readonly waitsFor: string | null
  },
  print: Pick<Printer, 'paint' | 'hint'>,
): readonly string[] {
  const { paint } = print
  const { job, events, artifacts, deliveries, waitsFor } = about
  return [
    ...verdictLines(job, print),
    ...(job.detail === '' ? [] : [indent(safeText(job.detail))]),
    '',
    ...columns(facts(job, waitsFor)).map((line) => `  ${line}`),
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

function facts(job: Job, waitsFor: string | null): readonly (readonly string[])[] {
  const rows: readonly (readonly [string, string | null])[] = [
    ['title', safeLine(job.title)],
    ['id', job.id],
    ['kind', safeLine(job.kind)],
    ...factsOf(job).map(([name, value]) => [name, safe(value)] as const),
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
    ['used', job.usage === null ? null : usage(job.usage)],
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

const indent = (text: string): string =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')
