/** How many lines of a long text are kept from its beginning and from its end. */
export type Kept = { readonly first: number; readonly last: number }

/**
 * For the output of a failed check: the first error is usually at the beginning, the summary at the
 * end.
 */
export const OUTPUT_KEPT: Kept = { first: 8, last: 8 }

/** For a prompt: its beginning. */
export const PROMPT_KEPT: Kept = { first: 8, last: 0 }

/** The lines of a text; of a long text only the first and last, with a mark for the others. */
export function shortened(text: string, { first, last }: Kept): readonly string[] {
  const lines = text.trimEnd().split('\n')
  const left = lines.length - first - last
  // The mark takes a line itself, so leaving out a single line would save nothing.
  if (left <= 1) return lines
  return [...lines.slice(0, first), `… ${left} lines left out`, ...lines.slice(lines.length - last)]
}
