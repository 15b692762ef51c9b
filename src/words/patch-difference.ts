import { lineDiff, withContext } from './line-diff.ts'
import { PatchReader } from './patch.ts'

/**
 * A part of a patch that concerns one file: its path, and its lines without line numbers and ids.
 */
type FilePatch = { readonly path: string; readonly lines: readonly string[] }

/** One line of the result; the text is unsafe for a terminal. */
export type DifferenceLine = {
  readonly mark: 'file' | '-' | '+' | ' ' | '…'
  readonly text: string
}

/**
 * Compares two patches file by file, like `git range-diff`: a line begins with `-` if only the
 * first patch has it, and with `+` if only the second has it. The patch line, with its own mark,
 * follows. Hunks are compared without their line numbers. Returns an empty list if the patches make
 * the same change.
 */
export function patchDifference(one: string, other: string): readonly DifferenceLine[] {
  const [first, second] = [filesOf(one), filesOf(other)]
  const paths = [...new Set([...first, ...second].map(({ path }) => path))].toSorted()
  return paths.flatMap((path): readonly DifferenceLine[] => {
    const lines = lineDiff(linesFor(path, first), linesFor(path, second))
    if (lines.every(({ mark }) => mark === ' ')) return []
    const shown = withContext(lines).map((line) => line ?? ({ mark: '…', text: '' } as const))
    return [{ mark: 'file', text: path }, ...shown]
  })
}

const linesFor = (path: string, files: readonly FilePatch[]): readonly string[] =>
  files.find((file) => file.path === path)?.lines ?? []

function filesOf(patch: string): readonly FilePatch[] {
  const reader = new PatchReader()
  const files: { path: string; lines: string[] }[] = []
  for (const line of patch.split('\n').slice(0, -1)) {
    const part = reader.push(line)
    if (part === 'file') files.push({ path: reader.files.at(-1)?.path ?? '', lines: [] })
    else if (part === 'hunk') files.at(-1)?.lines.push('@@')
    else if (part !== 'header' || / mode /.test(line)) files.at(-1)?.lines.push(line)
  }
  return files
}
