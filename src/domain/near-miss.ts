/** If two names differ by more edits than this, neither is a typo of the other. */
const EDITS_MAX = 3

/**
 * Returns the known name that `name` was probably meant to be; undefined if none is similar.
 * @param known a few short names. Many or long names would be slow: comparing two names takes time
 * proportional to the product of their lengths.
 */
export function nearMiss(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  let fewest = Math.min(EDITS_MAX, Math.floor(name.length / 2)) + 1
  for (const candidate of known) {
    const edits = distance(name.toLowerCase(), candidate.toLowerCase())
    if (edits >= fewest) continue
    best = candidate
    fewest = edits
  }
  return best
}

/** The Levenshtein distance. */
function distance(one: string, other: string): number {
  let above = Array.from({ length: other.length + 1 }, (_, column) => column)
  for (const [row, letter] of Array.from(one).entries()) {
    const current = [row + 1]
    for (const [column, expected] of Array.from(other).entries()) {
      const change = (above[column] ?? 0) + (letter === expected ? 0 : 1)
      current.push(Math.min(change, (above[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1))
    }
    above = current
  }
  return above[other.length] ?? 0
}
