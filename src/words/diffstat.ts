import { plural } from '../domain/plural.ts'
import type { FileChange } from './patch.ts'
import { visibleLine } from './safe-text.ts'
import type { Paint } from './transcript.ts'

/** Maximum width of the bar of plus and minus signs, in characters. */
const BAR_MAX = 40

/**
 * Formats changed files like `git diff --stat`: one line for each file, and a line with the totals.
 */
export function diffstat(files: readonly Counted[], paint: Paint): readonly string[] {
  const paths = files.map(({ path }) => visibleLine(path))
  const pathWidth = Math.max(0, ...paths.map(({ length }) => length))
  const counts = files.map((file) => (file.isBinary ? 'Bin' : `${linesOf(file)}`))
  const countWidth = Math.max(0, ...counts.map(({ length }) => length))
  const most = Math.max(0, ...files.map(linesOf))
  const bar = (mark: string, lines: number): string => mark.repeat(barLength(lines, most))
  return [
    ...files.map((file, index) =>
      [
        ` ${(paths[index] ?? '').padEnd(pathWidth)} | ${(counts[index] ?? '').padStart(countWidth)} `,
        paint('green', bar('+', file.insertions)),
        paint('red', bar('-', file.deletions)),
      ]
        .join('')
        .trimEnd(),
    ),
    ` ${totals(files)}`,
  ]
}

type Counted = Omit<FileChange, 'kind'>

const linesOf = ({ insertions, deletions }: Counted): number => insertions + deletions

/** The length of a bar; at least 1 if any line changed, so that no change is invisible. */
const barLength = (lines: number, most: number): number =>
  most <= BAR_MAX || lines === 0 ? lines : Math.max(1, Math.floor((lines * BAR_MAX) / most))

function totals(files: readonly Counted[]): string {
  const insertions = files.reduce((sum, file) => sum + file.insertions, 0)
  const deletions = files.reduce((sum, file) => sum + file.deletions, 0)
  return [
    `${plural(files.length, 'file')} changed`,
    ...(insertions > 0 ? [`${plural(insertions, 'insertion')}(+)`] : []),
    ...(deletions > 0 ? [`${plural(deletions, 'deletion')}(-)`] : []),
  ].join(', ')
}
