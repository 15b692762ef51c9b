import type { Stats } from 'node:fs'
import { chmod, lstat, opendir } from 'node:fs/promises'
import { join } from 'node:path'
import { bytes } from '../../domain/bytes.ts'
import { FILE_BYTES_MAX } from '../../domain/input.ts'
import { StepFailed } from '../../domain/stop.ts'
import { ArtifactName, clip } from '../../domain/text.ts'
import { nullWhenMissing } from '../../platform/errno.ts'

/**
 * Maximum number of output files. An attempt may have 1000 artifacts; 50 are reserved for logs and
 * reports.
 */
export const OUTPUT_FILES_MAX = 950
const OUTPUT_BYTES_MAX = 20 * 1024 ** 3
/** Maximum number of names in the note about files that were left out. */
const NAMED_MAX = 20
const NOTE_MAX = 2048

/**
 * The first part of the artifacts' names: `outputs` for complete outputs, and `partial` for the
 * files of an attempt that failed or was stopped.
 */
export const OUTPUTS = 'outputs'
export const PARTIAL = 'partial'

/** A regular file that a generator wrote. */
export type WrittenFile = {
  /** The file's path relative to the folder of outputs, with `/` between folders. */
  readonly name: string
  readonly file: string
  readonly size: number
}

/**
 * `files` are sorted by name. `leftOut` is a sentence about the files that were left out; null if
 * no file was left out.
 */
export type Listed = { readonly files: readonly WrittenFile[]; readonly leftOut: string | null }

/**
 * Lists the regular files below a folder, and makes them readable. Leaves out symbolic links
 * (without following them), special files, and files whose names are not valid for an artifact. No
 * process may write to the folder while this function runs. Throws StepFailed `outputs-too-large`
 * if the files exceed a limit, or `generator-failed` if the folder itself was removed or replaced.
 */
export async function listOutputs(folder: string, signal: AbortSignal): Promise<Listed> {
  await openRoot(folder)
  const files: WrittenFile[] = []
  const named: string[] = []
  let others = 0
  let total = 0
  for await (const entry of walk(folder, '', signal)) {
    if (entry.kind === 'other') {
      others += 1
      if (named.length < NAMED_MAX) named.push(`${JSON.stringify(entry.name)} (${entry.why})`)
      continue
    }
    total += entry.size
    files.push({ name: entry.name, file: entry.file, size: entry.size })
    checkLimits(files.length, total, entry)
  }
  const more = others > named.length ? ` and ${others - named.length} more` : ''
  return {
    files: files.toSorted((one, other) => (one.name < other.name ? -1 : 1)),
    leftOut: others === 0 ? null : clip(`Left out: ${named.join(', ')}${more}.`, NOTE_MAX),
  }
}

/**
 * Without a sandbox, the program may have replaced the folder, for example with a symbolic link.
 */
async function openRoot(folder: string): Promise<void> {
  const found = await lstat(folder).catch(nullWhenMissing)
  if (found?.isDirectory() !== true) {
    throw new StepFailed('generator-failed', 'the folder of outputs was removed or replaced')
  }
  await makeReadable(folder, found, 0o700)
}

function checkLimits(count: number, total: number, { name, size }: WrittenFile): void {
  const why =
    count > OUTPUT_FILES_MAX
      ? `there are more than ${OUTPUT_FILES_MAX} files`
      : size > FILE_BYTES_MAX
        ? `${name} is larger than ${bytes(FILE_BYTES_MAX)}`
        : total > OUTPUT_BYTES_MAX
          ? `all files together are larger than ${bytes(OUTPUT_BYTES_MAX)}`
          : null
  if (why !== null) throw new StepFailed('outputs-too-large', why)
}

type Entry =
  | ({ readonly kind: 'file' } & WrittenFile)
  | { readonly kind: 'other'; readonly name: string; readonly why: string }

async function* walk(root: string, under: string, signal: AbortSignal): AsyncGenerator<Entry> {
  for await (const { name: part } of await opendir(join(root, under))) {
    signal.throwIfAborted()
    const name = under === '' ? part : `${under}/${part}`
    // Check the name before lstat. If the name is not valid UTF-8, opendir has already replaced
    // some bytes of it, so lstat would not find the file.
    if (!ArtifactName.safeParse(`${OUTPUTS}/${name}`).success) {
      yield { kind: 'other', name, why: 'not a valid artifact name' }
      continue
    }
    const path = join(root, name)
    const found = await lstat(path)
    if (found.isSymbolicLink()) yield { kind: 'other', name, why: 'a symbolic link' }
    else if (found.isDirectory()) {
      await makeReadable(path, found, 0o700)
      yield* walk(root, name, signal)
    } else if (found.isFile()) {
      await makeReadable(path, found, 0o400)
      yield { kind: 'file', name, file: path, size: found.size }
    } else yield { kind: 'other', name, why: 'not a regular file' }
  }
}

/**
 * Adds missing permissions. The generator runs as the worker's user, so it can have removed them.
 */
async function makeReadable(path: string, { mode }: Stats, wanted: number): Promise<void> {
  if ((mode & wanted) !== wanted) await chmod(path, (mode & 0o777) | wanted)
}
