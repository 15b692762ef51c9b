import type { ProgramEnd } from '../platform/run-program.ts'
import { git, type GitCall, localFailure } from './git.ts'
import { noObject } from './object-format.ts'
import { show } from './paths.ts'
import type { Note, Workspace } from './workspace.ts'

export type IndexChange = {
  /** Paths of files and links in the work tree to store. */
  readonly put: readonly Buffer[]
  readonly removed: readonly Buffer[]
  /** Files to add from nested repositories, as lines for `update-index --index-info`. */
  readonly entries: readonly Buffer[]
}

/** Maximum number of files that are left out because git cannot store them. */
const LEFT_OUT_MAX = 1000

/**
 * Writes changes to an index. Leaves out each path that git cannot store because the file's content
 * does not fit its attributes or because git rejects the name, such as `.GIT`. Such a path keeps
 * its earlier state. Throws StepFailed if git fails for another reason, such as a full disk.
 * @returns a note for each path that was left out
 */
export async function updateIndex(
  { settings, gitDir, tree, base }: Workspace,
  indexFile: string,
  { put, removed, entries }: IndexChange,
  signal: AbortSignal,
): Promise<Note[]> {
  const notes: Note[] = []
  let leftOut = 0
  const run = async (option: string, lines: readonly Buffer[]) => {
    const args = ['update-index', '-z', '--add', '--remove', '--replace', option]
    const stdin = Buffer.concat(lines.flatMap((line) => [line, NUL]))
    const call = { args, gitDir, indexFile, workTree: tree, stdin }
    const end = await git(settings, call, signal)
    if (end.code === 0) notes.push(...rejectedNames(end.stderr))
    return { call, end }
  }
  // Git stores either all of the files or none. If git stores none, split the list in half again
  // and again until the files that git cannot store are found.
  const store = async (paths: readonly Buffer[]): Promise<void> => {
    const [first] = paths
    if (first === undefined) return
    const { call, end } = await run('--stdin', paths)
    if (end.code === 0) return
    if (!isAboutFiles(call, end) || leftOut === LEFT_OUT_MAX) throw localFailure(call, end)
    if (paths.length === 1) {
      leftOut += 1
      notes.push(notStored(first, end.stderr))
      return
    }
    const half = Math.ceil(paths.length / 2)
    await store(paths.slice(0, half))
    await store(paths.slice(half))
  }
  // Remove paths first, because a file may replace a folder, and a folder may replace a file.
  const lines = [...removed.map((path) => removal(path, base.commit)), ...entries]
  if (lines.length > 0) {
    const { call, end } = await run('--index-info', lines)
    if (end.code !== 0) throw localFailure(call, end)
  }
  await store(put)
  return notes
}

const NUL = Buffer.from([0])
const removal = (path: Buffer, base: string): Buffer =>
  Buffer.concat([Buffer.from(`0 ${noObject(base)}\t`), path])

/** Whether the files' contents, rather than the machine, may have made git fail. */
const isAboutFiles = (call: GitCall, end: ProgramEnd): boolean =>
  end.exceeded === null && localFailure(call, end).reason === 'workspace-failed'

const rejectedNames = (stderr: string): Note[] =>
  Array.from(stderr.matchAll(/^Ignoring path (.*)$/gm), ([, name = '']) => ({
    code: 'names-refused',
    text: `${show(Buffer.from(name))} was left out, because git rejects its name`,
  }))

/** @param stderr git's output, whose last line states the problem */
function notStored(path: Buffer, stderr: string): Note {
  const cause = stderr.trim().split('\n').at(-1) ?? ''
  const text = `${show(path)} was left out, because git cannot store it: ${cause.slice(0, 300)}`
  return { code: 'file-not-taken', text }
}
