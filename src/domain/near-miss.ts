/** Names further away than this are another word, not a slip of the fingers. */
const SLIPS_MAX = 3

/**
 * The known name that was probably meant, or undefined when none is near.
 * @param known few and short: each is compared letter by letter
 */
export function nearMiss(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  let fewest = Math.min(SLIPS_MAX, Math.floor(name.length / 2)) + 1
  for (const candidate of known) {
    const slips = distance(name.toLowerCase(), candidate.toLowerCase())
    if (slips >= fewest) continue
    best = candidate
    fewest = slips
  }
  return best
}

/** Levenshtein's distance: how many letters must be added, dropped or changed. */
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
