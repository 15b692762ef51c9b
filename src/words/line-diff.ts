/** A line that is only in the old text (`-`), only in the new text (`+`), or in both (a space). */
export type DiffLine = { readonly mark: '-' | '+' | ' '; readonly text: string }

/**
 * Maximum product of the line counts of the two parts that differ. If the product is larger, these
 * parts are not aligned: all their lines count as replaced.
 */
const CELLS_MAX = 4_000_000

/**
 * Compares two texts line by line. Returns the lines of both texts in order; a common line appears
 * once.
 */
export function lineDiff(old: readonly string[], now: readonly string[]): readonly DiffLine[] {
  const shorter = Math.min(old.length, now.length)
  let head = 0
  while (head < shorter && old[head] === now[head]) head += 1
  let tail = 0
  while (tail < shorter - head && old.at(-1 - tail) === now.at(-1 - tail)) tail += 1
  return [
    ...marked(' ', old.slice(0, head)),
    ...between(old.slice(head, old.length - tail), now.slice(head, now.length - tail)),
    ...marked(' ', old.slice(old.length - tail)),
  ]
}

const marked = (mark: DiffLine['mark'], lines: readonly string[]): readonly DiffLine[] =>
  lines.map((text) => ({ mark, text }))

/** Compares two texts by their longest common subsequence of lines. */
function between(old: readonly string[], now: readonly string[]): readonly DiffLine[] {
  if (old.length * now.length > CELLS_MAX) return [...marked('-', old), ...marked('+', now)]
  const common = commonLengths(old, now)
  const lengthAt = (row: number, column: number): number =>
    common[row * (now.length + 1) + column] ?? 0
  const lines: DiffLine[] = []
  let [row, column] = [0, 0]
  while (row < old.length || column < now.length) {
    const [one, other] = [old[row], now[column]]
    if (one !== undefined && one === other) {
      lines.push({ mark: ' ', text: one })
      row += 1
      column += 1
    } else if (
      other === undefined ||
      (one !== undefined && lengthAt(row + 1, column) >= lengthAt(row, column + 1))
    ) {
      lines.push({ mark: '-', text: one ?? '' })
      row += 1
    } else {
      lines.push({ mark: '+', text: other })
      column += 1
    }
  }
  return lines
}

/**
 * For each pair of a line in the old text and a line in the new text, the length of the longest
 * common subsequence from these lines to the ends of the texts.
 */
function commonLengths(old: readonly string[], now: readonly string[]): Uint32Array {
  const width = now.length + 1
  const lengths = new Uint32Array((old.length + 1) * width)
  for (let row = old.length - 1; row >= 0; row -= 1) {
    for (let column = now.length - 1; column >= 0; column -= 1) {
      const at = row * width + column
      lengths[at] =
        old[row] === now[column]
          ? (lengths[at + width + 1] ?? 0) + 1
          : Math.max(lengths[at + width] ?? 0, lengths[at + 1] ?? 0)
    }
  }
  return lengths
}

/** The number of unchanged lines shown before and after a difference. */
const AROUND = 3

/**
 * Keeps the differences and some lines around each. A null between two kept lines stands for the
 * lines that are left out there.
 */
export function withContext(lines: readonly DiffLine[], around = AROUND): (DiffLine | null)[] {
  const near = lines.map((_, at) =>
    lines.slice(Math.max(0, at - around), at + around + 1).some(({ mark }) => mark !== ' '),
  )
  return lines.flatMap((line, at) => {
    if (near[at] === true) return [line]
    return near[at - 1] === true && near.includes(true, at) ? [null] : []
  })
}
