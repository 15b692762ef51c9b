import type { FailedCheck } from '../../domain/verdict.ts'
import { REASONS } from '../../domain/reasons.ts'
import { clip, clipMiddle } from '../../domain/text.ts'
import type { Continuation, EarlierEnd } from '../../domain/work.ts'
import { branchOfPublication } from '../../publish/branch.ts'
import { PATCH } from '../../workspace/change-artifacts.ts'
import { continuedFiles } from './continued-files.ts'
import type { OpenedWorkspace } from './opened-workspace.ts'
import { findingsText, indented, type PromptedJob, promptFor } from './prompt.ts'
import type { KeptWork } from './work-checkpoint.ts'

/** Maximum length, in characters, of an earlier attempt's or job's detail in a prompt. */
const DETAIL_MAX = 6000
/** Maximum length, in characters, of an earlier agent's last message in a prompt. */
const MESSAGE_MAX = 2000

/**
 * Returns the prompt of an attempt's first turn. If there were earlier attempts, or if the job
 * continues another job, the prompt also says how the earlier work ended and lists the findings of
 * its failed checks.
 */
export function firstPrompt(job: PromptedJob, opened: Earlier): string {
  const { kept, session } = opened
  if (kept !== null && session !== null && kept.salvaged !== true) {
    return joined([interrupted(job.attempt.earlier.ended), findingsOf(job, kept)])
  }
  return joined([promptFor(job).trim(), ...aboutEarlier(job, opened)])
}

type Earlier = Pick<OpenedWorkspace, 'kept' | 'lost' | 'session' | 'advanced'>

/** The prompt for a restored session, which already contains the task. */
const interrupted = (ended: EarlierEnd | null): string => {
  const why = ended === null ? '' : `: ${meaningOf(ended)}`
  return `You were interrupted${why}. Your session and your changes are as you left them. Continue the task.`
}

function aboutEarlier(job: PromptedJob, { kept, lost, advanced }: Earlier): readonly string[] {
  const { ended, continues } = job.attempt.earlier
  const about = continues === null || kept !== null ? [] : aboutJob(continues, advanced)
  if (kept === null && lost === null && ended === null) return about
  const lead =
    ended === null
      ? 'An earlier attempt at this task was interrupted.'
      : `An earlier attempt at this task ended: ${meaningOf(ended)}.`
  const details = ended === null ? '' : detailOf(ended)
  return [...about, `${lead} ${whereChangesAre(kept)}`, details, findingsOf(job, kept ?? lost)]
}

function whereChangesAre(kept: KeptWork | null): string {
  if (kept === null) return 'Its changes could not be restored. Start over.'
  if (kept.change.artifacts.length === 0) return 'It had changed nothing.'
  return 'Its changes are in the working tree. Look at them, and continue from them.'
}

/**
 * Describes the continued job: its title, how it ended, where its changes are, and its agent's last
 * message.
 */
function aboutJob(
  { title, ended, summary, artifacts, publication }: Continuation,
  advanced: boolean,
): readonly string[] {
  if (ended === null) return []
  const hasChanges =
    branchOfPublication(publication) !== null || continuedFiles(artifacts).has(PATCH)
  const changes = hasChanges ? 'Its changes are in the working tree.' : 'It left no changes.'
  const lead = `This continues an earlier job, “${title}”, which ended: ${meaningOf(ended)}. ${changes}`
  const message = summary === null ? '' : clip(summary.trim(), MESSAGE_MAX)
  const said = message === '' ? '' : `The last message of its agent:\n\n${indented(message)}`
  return [lead, advanced ? ADVANCED : '', detailOf(ended), said]
}

const ADVANCED =
  'Since then, others have made commits to its branch. These commits are in the working tree, too: read files again before you change them.'

/** The detail of how the work ended. For a failed check, the detail contains the findings. */
const detailOf = ({ detail }: EarlierEnd): string =>
  detail.trim() === '' ? '' : `Details:\n\n${indented(clipMiddle(detail.trim(), DETAIL_MAX))}`

const findingsOf = (job: PromptedJob, work: KeptWork | null): string => {
  const failed: readonly FailedCheck[] = work?.answers?.failed ?? []
  if (failed.length === 0) return ''
  return `The work did not pass every check.\n\n${findingsText(job, failed)}`
}

/** A sentence that explains a reason code; the code itself if this version does not know it. */
const meaningOf = ({ reason }: EarlierEnd): string => {
  const found = Object.entries(REASONS).find(([code]) => code === reason)
  return found === undefined ? reason : found[1].means
}

const joined = (parts: readonly string[]): string =>
  `${parts.filter((part) => part !== '').join('\n\n')}\n`
