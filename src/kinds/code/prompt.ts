import type { CodePayload } from './payload.ts'

/**
 * What the agent is told: the task in the producer's words, then the rules of the house that the
 * task cannot know.
 */
export function promptFor({ prompt, test, checks }: CodePayload): string {
  const rules = [
    'You work in a git checkout of the repository; the current folder is its root.',
    ...(test === undefined ? [] : [`Run the tests with: ${shown(test)}`]),
    ...checks.map(({ name, run }) => `Your work must pass the check "${name}": ${shown(run)}`),
    'Leave your changes in the working tree. The platform commits and publishes them: do not push, and you need not commit.',
    'Nobody can answer questions. When something is unclear, take the simplest reading and say so at the end.',
  ]
  return `${prompt.trim()}\n\n---\n${rules.map((rule) => `- ${rule}`).join('\n')}\n`
}

/** A command as a person would type it. */
const shown = (argv: readonly string[]): string =>
  argv
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ')
