/** One command of a page, and the lines that the page prints below it. */
export type Command = { readonly command: string; readonly output: readonly string[] }

/**
 * Returns the commands in the `console` blocks of a Markdown page, in order. A command begins with
 * `$ `, and a backslash at the end of its line continues it on the next line.
 */
export function commandsIn(page: string): readonly Command[] {
  const blocks = [...page.matchAll(/^```console\n(.*?)^```$/gms)].map(([, block = '']) => block)
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((text) => {
        const [command = ''] = /^(?:.*\\\n)*.*/.exec(text) ?? []
        const output = text.slice(command.length + 1).trimEnd()
        return { command, output: output === '' ? [] : output.split('\n') }
      }),
  )
}

/** Ids in a page, and the ids of this run that they stand for. */
export type Ids = Map<string, string>

/** The last 12 hex digits of a job's id, a commit or a whole id. */
const ID = /\b(?=[0-9a-f-]*\d)(?=[0-9a-f-]*[a-f])[0-9a-f]{12}[0-9a-f-]*\b/g

/** Replaces the ids of a page with the ids of this run. */
export const withIds = (text: string, ids: Ids): string =>
  text.replaceAll(ID, (id) => ids.get(id) ?? id)

/**
 * Compares the output that a page shows with the output of this run. Numbers, times, ids and the width
 * of columns may differ. `…` stands for any text in a line, and a line with `…` alone for any lines.
 * Adds the ids of the page to `ids`. Returns the first line of the page that did not appear, or null.
 */
export function firstDifference(
  shown: readonly string[],
  printed: readonly string[],
  ids: Ids,
): string | null {
  let next = 0
  let skips = false
  for (const line of shown) {
    if (line.trim() === '…') {
      skips = true
      continue
    }
    const pattern = patternOf(line)
    const found = printed.findIndex((text, index) => index >= next && pattern.test(plain(text)))
    if (found < 0 || (!skips && found > next)) return line
    bind(line, printed[found] ?? '', ids)
    next = found + 1
    skips = false
  }
  const rest = printed.slice(next).find((line) => line.trim() !== '')
  return skips || rest === undefined ? null : `(nothing; but this was printed: ${rest})`
}

const patternOf = (line: string): RegExp =>
  new RegExp(
    `^${plain(line)
      .split('…')
      .map((part) => part.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`))
      .join('.*')}$`,
  )

/** Replaces everything that may differ from run to run. */
const plain = (line: string): string =>
  line
    .replaceAll(ID, 'ID')
    .replaceAll(/\d+m \d\ds|\d[\d.,:]*(?: ?(?:ms|s|[kMGT]?B)\b)?/g, 'N')
    .replaceAll(/\s+/g, ' ')
    .trim()

function bind(shown: string, printed: string, ids: Ids): void {
  const real = printed.match(ID) ?? []
  for (const [index, id] of (shown.match(ID) ?? []).entries()) {
    const other = real[index]
    if (other !== undefined && !ids.has(id)) ids.set(id, other)
  }
}
