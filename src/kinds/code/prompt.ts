import type { Attempt } from '../../domain/attempt.ts'
import type { FailedCheck } from '../../domain/verdict.ts'
import { inputsOf } from '../../pipeline/fetch-inputs.ts'
import type { Judged } from '../../turn/agent-work.ts'
import type { CodeJob } from './code-job.ts'
import type { CodePayload } from './payload.ts'

/** The parts of a job that its prompts need. */
export type PromptedJob = Pick<CodeJob, 'payload'> & {
  readonly attempt: Pick<Attempt, 'earlier' | 'folder'>
}

/**
 * The agent's first prompt. The job's prompt comes first. The rules of the platform follow, because
 * the author of the job's prompt does not know these rules.
 */
export function promptFor({ payload, attempt }: PromptedJob): string {
  const { prompt, checkout, test, checks } = payload
  const inputs = inputsOf(attempt)
  const rules = [
    'You work in a git checkout of the repository; the current folder is its root.',
    ...limitsOf(checkout),
    ...(inputs === null ? [] : [`The task’s input files are in ${inputs}, which is read-only.`]),
    ...(test === undefined ? [] : [`Run the tests with: ${shown(test)}`]),
    ...checks.map(({ name, run }) => `Your work must pass the check "${name}": ${shown(run)}`),
    'Leave your changes in the working tree. The platform commits and publishes them: do not push, and you do not need to commit.',
    'Nobody can answer questions. If something is unclear, choose the simplest interpretation and say so at the end.',
  ]
  return `${prompt.trim()}\n\n---\n${rules.map((rule) => `- ${rule}`).join('\n')}\n`
}

/**
 * The prompt for the turn after a failed check. If `session` is null, the prompt repeats the first
 * prompt. An agent whose session continues already knows the first prompt.
 */
export function findingsPrompt(
  job: PromptedJob,
  failed: readonly FailedCheck[],
  { session, changed }: Judged,
): string {
  const task = session === null ? `${promptFor(job)}\n` : ''
  const lead = `${task}${changed ? leadOfChange(session) : LEAD_OF_NO_CHANGE}`
  const left = 'Git-ignored files that the checks wrote, such as build output, are still there.'
  return `${lead} ${left}\n\n${findingsText(job, failed)}\n`
}

/** The part of a prompt that lists the findings of failed checks and asks the agent to fix them. */
export function findingsText(
  { payload }: Pick<PromptedJob, 'payload'>,
  failed: readonly FailedCheck[],
): string {
  const runs = new Map(payload.checks.map(({ name, run }) => [name, shown(run)]))
  const found = failed.map(
    ({ check, findings }) =>
      `The check "${check}" failed: ${runs.get(check) ?? ''}\n\n${indented(findings)}`,
  )
  const order = 'Fix these failures. The platform then runs the checks again.'
  return [...found, order].join('\n\n')
}

const leadOfChange = (session: string | null): string =>
  session === null
    ? 'You made the changes in the working tree in an earlier turn. They did not pass every check.'
    : 'Your changes did not pass every check. The working tree is as you left it.'

const LEAD_OF_NO_CHANGE =
  'You have changed nothing, and the files in the working tree do not pass every check.'

/** Indents text, so that it cannot be mistaken for a part of the prompt. */
export const indented = (text: string): string => text.replaceAll(/^/gm, '    ')

/**
 * Tells the agent what the checkout lacks. Otherwise the agent would assume that the checkout is
 * the whole repository.
 */
function limitsOf({ depth, sparse, submodules }: CodePayload['checkout']): readonly string[] {
  return [
    ...(sparse.length === 0
      ? []
      : [
          `Only these folders are checked out: ${sparse.map(word).join(', ')}. The other folders of the repository exist and stay unchanged.`,
        ]),
    ...(depth === null ? [] : ['The history is incomplete.']),
    ...(submodules === 'none'
      ? []
      : ['Submodules are checked out as plain files. Changes to them are not published.']),
  ]
}

/** A command as a user would type it in a shell. */
const shown = (argv: readonly string[]): string => argv.map(word).join(' ')

const word = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
