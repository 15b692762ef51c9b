/** What `commitMessage` needs to know about a job. */
export type CommitText = {
  readonly title: string
  readonly prompt: string
  readonly jobId: string
  readonly attempt: number
  /** Whether to append trailers with the job's id and the attempt's number. */
  readonly trailers: boolean
}

const TITLE_MAX = 72
const PROMPT_MAX = 2000

/**
 * Composes a commit message from the title, the prompt, and optional trailers that identify the
 * job. If the prompt starts with the title, the title is not repeated.
 */
export function commitMessage(text: CommitText): string {
  const { title, prompt, jobId, attempt, trailers } = text
  const subject = shorten(oneLine(visible(title)), TITLE_MAX)
  const body = shorten(visible(prompt).trim(), PROMPT_MAX)
  const [first = '', ...others] = body.split('\n')
  const rest = oneLine(first) === subject ? others.join('\n').trim() : body
  const parts = [subject === '' ? 'Changes by an agent' : subject]
  if (rest !== '') parts.push(rest)
  if (trailers) parts.push(`Job-Id: ${jobId}\nAttempt: ${attempt}`)
  return `${parts.join('\n\n')}\n`
}

/** Removes invisible and control characters, except line breaks and tabs. */
const visible = (text: string): string =>
  text.replaceAll(/(?![\n\t])[\p{Cc}\p{Cf}\u2028\u2029]/gu, '')

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()

/** Truncates to `max` code points, so that no surrogate pair is split. */
function shorten(text: string, max: number): string {
  const characters = Array.from(text)
  if (characters.length <= max) return text
  return `${characters
    .slice(0, max - 1)
    .join('')
    .trimEnd()}…`
}
