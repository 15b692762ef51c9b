// The end of a patch names the commit that the patch was made on, in the format of `git
// format-patch --base`. A follow-up or a person can then apply the patch to that commit. Git
// ignores the line when it applies the patch.
import { appendFile, open, stat } from 'node:fs/promises'
import { isObjectId } from './object-format.ts'

/** Appends the commit that a patch applies to, unless the patch is empty. */
export async function addBase(patchFile: string, commit: string): Promise<void> {
  if ((await stat(patchFile)).size > 0) await appendFile(patchFile, `base-commit: ${commit}\n`)
}

/** Number of bytes to read from the end of a patch; the line with the base is shorter. */
const LINE_MAX = 100

/** Reads the base from a patch; null if the patch does not name one. */
export async function baseOf(patchFile: string): Promise<string | null> {
  await using file = await open(patchFile)
  const { size } = await file.stat()
  const end = Buffer.alloc(Math.min(size, LINE_MAX))
  await file.read(end, 0, end.length, size - end.length)
  const [, commit = ''] = /^base-commit: (\S+)\n$(?![^])/m.exec(end.toString('latin1')) ?? []
  return isObjectId(commit) ? commit : null
}
