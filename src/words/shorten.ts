/** How many lines of a long text are kept from its beginning and from its end. */
export type Kept = { readonly first: number; readonly last: number }

/** For the output of a failed check: what failed stands first, and the verdict last. */
export const OUTPUT_KEPT: Kept = { first: 8, last: 8 }

/** For a prompt: its beginning. */
export const PROMPT_KEPT: Kept = { first: 8, last: 0 }

/** The lines of a text; of a long text only the first and last, with a mark for the others. */
export function shortened(text: string, { first, last }: Kept): readonly string[] {
  const lines = text.trimEnd().split('\n')
  const left = lines.length - first - last
  // A mark for a single line would be as long as the line.
  if (left <= 1) return lines
  return [...lines.slice(0, first), `… ${left} lines left out`, ...lines.slice(lines.length - last)]
}
