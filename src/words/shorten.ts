import { saysFailure } from '../domain/failure-signs.ts'

/** How many lines of a long text are kept from its beginning and from its end. */
export type Kept = { readonly first: number; readonly last: number }

/** For the output of a failed check in which no line reports a failure. */
const OUTPUT_KEPT: Kept = { first: 8, last: 8 }

/** For the output of a failed check: its beginning, its end, and the first failures in between. */
const FAILURES_KEPT = { first: 3, last: 5, failures: 14, afterEach: 6 }

/** For a prompt: its beginning. */
export const PROMPT_KEPT: Kept = { first: 8, last: 0 }

/** The lines of a text; of a long text only the first and last, with a mark for the others. */
export function shortened(text: string, { first, last }: Kept): readonly string[] {
  const lines = text.trimEnd().split('\n')
  return withMarks(lines, (at) => at < first || at >= lines.length - last)
}

/**
 * The lines of the output of a failed check; of a long output only the first, the last, and the first
 * that report a failure, each with some lines after it.
 */
export function shortenedOutput(text: string): readonly string[] {
  const lines = text.trimEnd().split('\n')
  const { first, last, failures, afterEach } = FAILURES_KEPT
  const failing = lines
    .map((_, at) => at)
    .filter((at) => at >= first && at < lines.length - last)
    .filter((at) => lines.slice(Math.max(0, at - afterEach), at + 1).some(saysFailure))
    .slice(0, failures)
  if (failing.length === 0) return shortened(text, OUTPUT_KEPT)
  return withMarks(lines, (at) => at < first || at >= lines.length - last || failing.includes(at))
}

/** The kept lines, with a mark wherever others are left out. */
function withMarks(lines: readonly string[], isKept: (at: number) => boolean): readonly string[] {
  const shown: string[] = []
  let left: string[] = []
  for (const [at, line] of [...lines, ''].entries()) {
    if (at < lines.length && !isKept(at)) {
      left.push(line)
      continue
    }
    // The mark takes a line itself, so leaving out a single line would save nothing.
    shown.push(...(left.length > 1 ? [`… ${left.length} lines left out`] : left))
    if (at < lines.length) shown.push(line)
    left = []
  }
  return shown
}
