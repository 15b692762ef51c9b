import { git, localFailure } from './git.ts'
import { splitNul } from './paths.ts'
import type { Workspace } from './workspace.ts'

/**
 * Selects the paths that the work tree's .gitignore files match.
 * @returns the paths as latin1 strings, so that each byte is one character
 */
export async function ignoredIn(
  { settings, gitDir, tree }: Workspace,
  indexFile: string,
  paths: readonly Buffer[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  if (paths.length === 0) return new Set()
  const stdin = Buffer.concat(paths.flatMap((path) => [path, Buffer.from([0])]))
  const args = ['check-ignore', '-z', '--stdin']
  const call = { args, gitDir, indexFile, workTree: tree, stdin }
  const end = await git(settings, call, signal)
  // Exit code 1 means that none of the paths is ignored.
  if (end.code !== 0 && end.code !== 1) throw localFailure(call, end)
  return new Set(Array.from(splitNul(end.stdout), (path) => path.toString('latin1')))
}
