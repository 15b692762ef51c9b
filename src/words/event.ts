import type { JobEvent, Progress } from '../domain/event.ts'
import type { Publication } from '../domain/publication.ts'
import { REASONS } from '../domain/reasons.ts'
import { plural } from '../domain/plural.ts'
import { clip } from '../domain/text.ts'
import { duration, moment, usage } from './quantity.ts'
import { resourceText } from './resource.ts'
import { safeLine } from './safe-text.ts'
import { withoutWorkspace } from './workspace-path.ts'

/** Formats an event as one line, without its time. */
export function eventText(event: JobEvent): string {
  switch (event.type) {
    case 'submitted':
      return event.retryOf === null ? 'submitted' : `submitted to continue job ${event.retryOf}`
    case 'claimed':
      return `attempt ${event.attempt ?? '?'} on worker ${safeLine(event.worker)}, sandbox ${event.sandbox}`
    case 'step-started':
      return `step ${safeLine(event.step)} started`
    case 'step-finished':
      return `step ${safeLine(event.step)} finished in ${duration(event.durationMs)}`
    case 'agent-started':
      return `${safeLine(event.agent)} started`
    case 'agent-session':
      return `agent session ${safeLine(event.session)}`
    case 'usage':
      return `used ${usage(event.usage)}`
    case 'base':
      return `base ${safeLine(event.revision.slice(0, 12))}`
    case 'change':
      return `change: ${changeText(event)}`
    case 'check-finished':
      return checkText(event)
    case 'note':
      return `note ${safeLine(event.code)}: ${safeLine(event.text)}`
    case 'progress':
      return progressText(event)
    case 'checkpoint':
      return `checkpoint after ${safeLine(event.checkpoint.step)}`
    case 'publication-intended':
      return `about to publish ${publicationText(event.intent)}`
    case 'published':
      return `published ${publicationText(event.publication)}`
    case 'reached':
      return `${resourceText(event.key)} answers again`
    case 'cancel-requested':
    case 'requeued':
    case 'paused':
    case 'resumed':
    case 'ended':
      return lifeText(event)
  }
}

/** Formats the size of a change, such as `2 files, +4 -1`. */
export const changeText = (change: {
  readonly files: number
  readonly insertions: number
  readonly deletions: number
}): string =>
  change.files === 0
    ? 'nothing'
    : `${plural(change.files, 'file')}, +${change.insertions} -${change.deletions}`

/** Formats progress, such as `42 % baking textures`. */
export const progressText = ({ fraction, text }: Progress): string =>
  [
    ...(fraction === null ? [] : [`${Math.floor(fraction * 100)} %`]),
    ...(text === '' ? [] : [safeLine(text)]),
  ].join(' ')

/** Formats a check's verdict. For a failed check, adds the last line of its findings. */
function checkText(event: Extract<JobEvent, { type: 'check-finished' }>): string {
  const { check, passed, durationMs, iteration, findings } = event
  const turn = iteration === undefined || (passed && iteration === 1) ? '' : ` (turn ${iteration})`
  const verdict = `check ${safeLine(check)} ${passed ? 'passed' : 'failed'} in ${duration(durationMs)}${turn}`
  const last =
    withoutWorkspace(findings ?? '')
      .trimEnd()
      .split('\n')
      .at(-1) ?? ''
  return last === '' ? verdict : `${verdict}: ${safeLine(clip(last, FINDING_MAX))}`
}

/** Maximum length of the findings in the text of an event, in characters. */
const FINDING_MAX = 120

/** Maximum length of a detail in the text of an event, in characters. */
const DETAIL_MAX = 500

type LifeEvent = Extract<
  JobEvent,
  { type: 'cancel-requested' | 'requeued' | 'paused' | 'resumed' | 'ended' }
>

/** Formats an event that changes the job's state, or a cancel request. */
function lifeText(event: LifeEvent): string {
  switch (event.type) {
    case 'cancel-requested':
      return `cancel requested by ${safeLine(event.by)}`
    case 'requeued':
      return `queued again: ${because(event)}${event.notBefore === null ? '' : `, not before ${moment(event.notBefore)}`}`
    case 'paused':
      return `paused: ${because(event)}${event.resumeAt === null ? '' : `, until ${moment(event.resumeAt)}`}`
    case 'resumed':
      return `resumed by ${safeLine(event.by)}`
    case 'ended':
      return `${event.settlement.kind}: ${because(event.settlement)}`
  }
}

const because = (end: { readonly reason: keyof typeof REASONS; readonly detail: string }): string =>
  end.detail === ''
    ? `${end.reason}: ${REASONS[end.reason].means}`
    : `${end.reason}: ${firstLine(end.detail)}`

/**
 * Returns the first line of a detail. Omits the other lines: they are program output, which `show`
 * and the logs display.
 */
function firstLine(detail: string): string {
  const [line = '', ...others] = withoutWorkspace(detail).trim().split('\n')
  const shown = safeLine(clip(line, DETAIL_MAX))
  return others.length === 0 ? shown : `${shown.replace(/:$/, '')} …`
}

/** Formats where the work was published, such as `branch https://host/app#main at 1a2b3c4d5e6f`. */
export function publicationText({ kind, target, revision, url }: Publication): string {
  const place = `${safeLine(kind)} ${safeLine(target)} at ${safeLine(revision.slice(0, 12))}`
  return url === undefined ? place : `${place} (${safeLine(url)})`
}

/**
 * What the job is doing after an event, in a few words; undefined if the event does not change
 * that.
 */
export function phaseAfter(event: JobEvent): string | undefined {
  if (event.type === 'step-started') return safeLine(event.step)
  if (event.type === 'progress') return progressText(event)
  if (event.type === 'claimed') return 'starting'
  if (event.type === 'requeued' || event.type === 'resumed') return 'queued'
  return event.type === 'paused' ? 'paused' : undefined
}
