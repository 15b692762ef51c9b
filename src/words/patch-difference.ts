import { lineDiff, withContext } from './line-diff.ts'
import { PatchReader } from './patch.ts'

/**
 * For each file that a patch changes, by path: the patch's lines for that file, without line
 * numbers and object ids.
 */
type FilePatches = ReadonlyMap<string, readonly string[]>

/** One line of the result. The text is not yet safe for a terminal. */
export type DifferenceLine = {
  readonly mark: 'file' | '-' | '+' | ' ' | '…'
  readonly text: string
}

/**
 * Compares two patches file by file, like `git range-diff`. A line of the result begins with `-` if
 * only the first patch has it, and with `+` if only the second patch has it; then follows the line
 * of the patch, with its own mark. Hunks are compared without their line numbers. Returns an empty
 * list if the patches make the same change.
 */
export function patchDifference(one: string, other: string): readonly DifferenceLine[] {
  const [first, second] = [filesOf(one), filesOf(other)]
  const paths = [...new Set([...first.keys(), ...second.keys()])].toSorted()
  return paths.flatMap((path): readonly DifferenceLine[] => {
    const lines = lineDiff(first.get(path) ?? [], second.get(path) ?? [])
    if (lines.every(({ mark }) => mark === ' ')) return []
    const shown = withContext(lines).map((line) => line ?? ({ mark: '…', text: '' } as const))
    return [{ mark: 'file', text: path }, ...shown]
  })
}

function filesOf(patch: string): FilePatches {
  const reader = new PatchReader()
  const files = new Map<string, string[]>()
  let lines: string[] = []
  for (const line of patch.split('\n').slice(0, -1)) {
    const part = reader.push(line)
    if (part === 'file') {
      lines = []
      files.set(reader.files.at(-1)?.path ?? '', lines)
    } else if (part === 'hunk') lines.push('@@')
    else if (part !== 'header' || / mode /.test(line)) lines.push(line)
  }
  return files
}
