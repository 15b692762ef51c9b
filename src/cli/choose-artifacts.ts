import { AppError } from '../domain/errors.ts'
import type { ArtifactInfo } from '../protocol/schemas.ts'

type Wanted = {
  /** Name of an artifact or of a folder; undefined selects all artifacts. */
  readonly name: string | undefined
  /** Number of an attempt; undefined selects the newest attempt that has the artifact. */
  readonly attempt: number | undefined
}

/**
 * Finds the artifact with this name. Throws `usage-invalid` if the name is that of a folder. If
 * nothing has the name, throws `artifact-not-found` with a list of the existing names.
 */
export function oneArtifact(all: readonly ArtifactInfo[], { name, attempt }: Wanted): ArtifactInfo {
  const [newest] = all
    .filter((one) => one.name === name && (attempt === undefined || one.attempt === attempt))
    .toSorted((one, other) => other.attempt - one.attempt)
  if (newest !== undefined) return newest
  if (all.some((one) => one.name.startsWith(`${name}/`))) {
    throw new AppError('usage-invalid', `${name} is a folder: download it with --to <folder>`)
  }
  throw notFound(all, name)
}

/**
 * Finds the artifact with this name, or all artifacts in the folder with this name. Without a name,
 * finds all artifacts. Unless `attempt` is given, a folder's files come from the newest attempt
 * that has any of them; files from two attempts are never mixed. Throws `artifact-not-found`.
 */
export function artifactTree(
  all: readonly ArtifactInfo[],
  { name, attempt }: Wanted,
): readonly ArtifactInfo[] {
  const below = all.filter(
    (one) => name === undefined || one.name === name || one.name.startsWith(`${name}/`),
  )
  const newest = new Map<string, number>()
  for (const one of below) {
    newest.set(topOf(one), Math.max(one.attempt, newest.get(topOf(one)) ?? 0))
  }
  const chosen = below.filter((one) => one.attempt === (attempt ?? newest.get(topOf(one))))
  if (chosen.length === 0) throw notFound(all, name)
  return chosen
}

/**
 * The first part of the name, such as `logs` for `logs/build.txt`; the whole name if the artifact
 * is not in a folder.
 */
const topOf = ({ name }: ArtifactInfo): string => name.split('/', 1)[0] ?? name

function notFound(all: readonly ArtifactInfo[], name: string | undefined): AppError {
  const names = [...new Set(all.map((one) => one.name))].join(', ')
  if (names === '') return new AppError('artifact-not-found', 'The job has no artifacts')
  const what =
    name === undefined ? 'no artifacts from this attempt' : `no artifact ${JSON.stringify(name)}`
  return new AppError('artifact-not-found', `The job has ${what}; its artifacts are: ${names}`)
}
