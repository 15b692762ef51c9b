import { saysFailure } from '../domain/failure-signs.ts'

/** How many lines of a long text are kept from its beginning and from its end. */
export type Kept = { readonly first: number; readonly last: number }

/** Used for the output of a failed check in which no line reports a failure. */
const OUTPUT_KEPT: Kept = { first: 8, last: 8 }

/**
 * Used for the output of a failed check. Keeps its beginning and its end, and in between at most
 * `failures` lines: those that report a failure, and `afterEach` lines after each of these.
 */
const FAILURES_KEPT = { first: 3, last: 5, failures: 14, afterEach: 6 }

/** Used for a prompt: keeps its beginning. */
export const PROMPT_KEPT: Kept = { first: 8, last: 0 }

/**
 * Splits a text into lines. Of a long text, keeps only the first and last lines, and puts a mark in
 * place of the lines that are left out.
 */
export function shortened(text: string, { first, last }: Kept): readonly string[] {
  const lines = text.trimEnd().split('\n')
  return withMarks(lines, (at) => at < first || at >= lines.length - last)
}

/**
 * Splits the output of a failed check into lines. Of a long output, keeps the first lines, the last
 * lines, and the first lines that report a failure, each with some lines after it. Puts a mark in
 * place of the lines that are left out.
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

/** Returns the kept lines, with a mark in place of each group of lines that are left out. */
function withMarks(lines: readonly string[], isKept: (at: number) => boolean): readonly string[] {
  const shown: string[] = []
  let left: string[] = []
  for (const [at, line] of [...lines, ''].entries()) {
    if (at < lines.length && !isKept(at)) {
      left.push(line)
      continue
    }
    // The mark is itself a line, so leaving out a single line would save nothing.
    shown.push(...(left.length > 1 ? [`… ${left.length} lines left out`] : left))
    if (at < lines.length) shown.push(line)
    left = []
  }
  return shown
}
