import type { Attempt } from '../../domain/attempt.ts'
import type { FailedCheck } from '../../domain/verdict.ts'
import { inputsOf } from '../../pipeline/fetch-inputs.ts'
import type { CodeJob } from './code-job.ts'
import type { CodePayload } from './payload.ts'

/** A job as far as its prompts need it. */
type PromptedJob = Pick<CodeJob, 'payload'> & {
  readonly attempt: Pick<Attempt, 'earlier' | 'folder'>
}

/**
 * What the agent is told: the task in the producer's words, then the rules of the house that the
 * task cannot know.
 */
export function promptFor({ payload, attempt }: PromptedJob): string {
  const { prompt, checkout, test, checks } = payload
  const inputs = inputsOf(attempt)
  const rules = [
    'You work in a git checkout of the repository; the current folder is its root.',
    ...limitsOf(checkout),
    ...(inputs === null ? [] : [`Files that came with the task are in ${inputs}, read-only.`]),
    ...(test === undefined ? [] : [`Run the tests with: ${shown(test)}`]),
    ...checks.map(({ name, run }) => `Your work must pass the check "${name}": ${shown(run)}`),
    'Leave your changes in the working tree. The platform commits and publishes them: do not push, and you need not commit.',
    'Nobody can answer questions. When something is unclear, take the simplest reading and say so at the end.',
  ]
  return `${prompt.trim()}\n\n---\n${rules.map((rule) => `- ${rule}`).join('\n')}\n`
}

/** The prompt for a session that was interrupted, such as by a quota. */
export const CONTINUE =
  'You were interrupted; your session and your changes are as you left them. Continue the task.'

/**
 * What the agent is told when checks failed. In its session it knows the task; an agent without one
 * gets the task again.
 */
export function findingsPrompt(
  job: PromptedJob,
  failed: readonly FailedCheck[],
  session: string | null,
): string {
  const lead =
    session === null
      ? `${promptFor(job)}\nThe changes in the working tree are yours, from an earlier turn. They did not pass every check.`
      : 'Your changes did not pass every check. The working tree is as you left it.'
  const left = 'Ignored files that the checks wrote, such as build output, are still there.'
  const runs = new Map(job.payload.checks.map(({ name, run }) => [name, shown(run)]))
  const found = failed.map(
    ({ check, findings }) =>
      `The check "${check}" failed: ${runs.get(check) ?? ''}\n\n${indented(findings)}`,
  )
  return `${[`${lead} ${left}`, ...found, 'Fix them; the platform runs the checks again.'].join('\n\n')}\n`
}

/** Set apart from the words around it, whatever it holds. */
const indented = (text: string): string => text.replaceAll(/^/gm, '    ')

/** What the agent would otherwise take for the whole repository. */
function limitsOf({ depth, sparse, submodules }: CodePayload['checkout']): readonly string[] {
  return [
    ...(sparse.length === 0
      ? []
      : [
          `Of its folders only these are checked out: ${sparse.map(word).join(', ')}. The others exist, and stay as they are.`,
        ]),
    ...(depth === null ? [] : ['Its history is cut short.']),
    ...(submodules === 'none'
      ? []
      : ['Submodules are there as plain files. What you change in them is not published.']),
  ]
}

/** A command as a person would type it. */
const shown = (argv: readonly string[]): string => argv.map(word).join(' ')

const word = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
