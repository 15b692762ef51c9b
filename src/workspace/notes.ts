import { lstat, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mustGit } from './git.ts'
import type { Note, Workspace } from './workspace.ts'

const FILES_MAX = 100
const BYTES_MAX = 1024 * 1024

/** Notes about submodules and Git LFS contents that are missing because of the checkout options. */
export async function notesOf(
  workspace: Omit<Workspace, 'notes'>,
  signal: AbortSignal,
): Promise<Note[]> {
  const { settings, gitDir, tree, options } = workspace
  const args = ['ls-files', '-z', '--', '.gitmodules', '.gitattributes', '*/.gitattributes']
  const names = (await mustGit(settings, { args, gitDir, workTree: tree }, signal))
    .toString('utf8')
    .split('\0')
  const notes: Note[] = []
  if (options.submodules === 'none' && names.includes('.gitmodules')) {
    notes.push({
      code: 'submodules-not-fetched',
      text: 'The repository has submodules, which are not checked out. To check them out, submit with --submodules all (checkout.submodules).',
    })
  }
  if (options.lfs) return notes
  const attributes = names.filter((name) => name.endsWith('.gitattributes')).slice(0, FILES_MAX)
  const texts = await Promise.all(attributes.map((name) => readSmall(join(tree, name))))
  if (texts.some((text) => /^[^#\n]*\bfilter=lfs\b/m.test(text))) {
    notes.push({
      code: 'lfs-not-fetched',
      text: 'The repository uses Git LFS, and only pointers are checked out. To check out the contents, submit with --lfs (checkout.lfs).',
    })
  }
  return notes
}

/** Reads a file. Returns an empty string for a link or a very large file. */
async function readSmall(file: string): Promise<string> {
  const info = await lstat(file).catch(() => null)
  return info?.isFile() === true && info.size <= BYTES_MAX ? await readFile(file, 'utf8') : ''
}
