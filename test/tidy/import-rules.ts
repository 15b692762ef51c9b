import { dirname } from 'node:path'
import type { SourceFile } from './source.ts'

type Importing = Pick<SourceFile, 'path' | 'imports'>

/** Rooms whose folders know nothing of each other: each of them can be deleted without the others. */
const INDEPENDENT = ['kinds', 'dropins']

/** The independent folder that holds a file, such as `src/kinds/code`; null for any other file. */
function independentFolder(path: string): string | null {
  const [, folder = null, room = ''] = /^(src\/([^/]+)\/[^/]+)\//.exec(path) ?? []
  return INDEPENDENT.includes(room) ? folder : null
}

const areNeighbors = (one: string, other: string): boolean =>
  one !== other && dirname(one) === dirname(other)

/** Imports of an independent folder from its neighbors, as `file imports file`. */
export const crossImports = (files: readonly Importing[]): readonly string[] =>
  files.flatMap(({ path, imports }) => {
    const own = independentFolder(path)
    if (own === null) return []
    return imports
      .filter((target) => areNeighbors(own, independentFolder(target) ?? own))
      .map((target) => `${path} imports ${target}`)
  })

/** Files of import cycles, and those between two cycles. An `import type` counts. */
export function cyclicFiles(files: readonly Importing[]): readonly string[] {
  let rest = files
  for (;;) {
    const paths = new Set(rest.map(({ path }) => path))
    const imported = new Set(rest.flatMap(({ imports }) => imports))
    const kept = rest.filter(
      ({ path, imports }) => imported.has(path) && imports.some((target) => paths.has(target)),
    )
    if (kept.length === rest.length) return kept.map(({ path }) => path)
    rest = kept
  }
}
