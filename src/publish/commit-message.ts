/** What a commit says of the job it came from. */
export type CommitText = {
  readonly title: string
  readonly prompt: string
  readonly jobId: string
  readonly attempt: number
  /** Whether the commit names its job. */
  readonly trailers: boolean
}

const TITLE_MAX = 72
const PROMPT_MAX = 2000

/** Title, what the prompt says beyond it, and trailers by which the job can be found again. */
export function commitMessage(text: CommitText): string {
  const { title, prompt, jobId, attempt, trailers } = text
  const subject = shorten(visible(title).replaceAll(/\s+/g, ' ').trim(), TITLE_MAX)
  const body = shorten(visible(prompt).trim(), PROMPT_MAX)
  const rest = `${body}\n`.startsWith(`${subject}\n`) ? body.slice(subject.length).trim() : body
  const parts = [subject === '' ? 'Work of an agent' : subject]
  if (rest !== '') parts.push(rest)
  if (trailers) parts.push(`Job-Id: ${jobId}\nAttempt: ${attempt}`)
  return `${parts.join('\n\n')}\n`
}

/** Line breaks and tabs stay; whatever else hides or moves text goes. */
const visible = (text: string): string =>
  text.replaceAll(/(?![\n\t])[\p{Cc}\p{Cf}\u2028\u2029]/gu, '')

/** At most `max` characters; none of them is cut in half. */
function shorten(text: string, max: number): string {
  const characters = Array.from(text)
  if (characters.length <= max) return text
  return `${characters
    .slice(0, max - 1)
    .join('')
    .trimEnd()}…`
}
