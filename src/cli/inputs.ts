import type { Stats } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { bytes } from '../domain/bytes.ts'
import { AppError } from '../domain/errors.ts'
import { FILE_BYTES_MAX, type Input, Inputs, INPUTS_MAX } from '../domain/input.ts'
import { nameSome } from '../domain/name-some.ts'
import { ArtifactName } from '../domain/text.ts'
import { fileDigest } from '../platform/file-digest.ts'
import { plainReason } from '../platform/plain-reason.ts'
import { safeLine } from '../words/safe-text.ts'

/** The maximum number of files named in the message about skipped files. */
const NAMED_MAX = 10

/** A local file that becomes an input of a job. */
export type LocalInput = Input & { readonly file: string; readonly size: number }

type FoundFile = Omit<LocalInput, 'digest'>

/**
 * Finds the inputs given on the command line and computes their digests. An input is named after
 * its file; a file in a folder is named by its path relative to that folder. In a folder, skips
 * hidden files, symbolic links and special files. The message `skipped` lists the skipped files; it
 * is null if there are none. Throws `usage-invalid` for a path that cannot be an input, and
 * `file-unreadable` for a file or folder that cannot be read.
 * @param paths as typed, relative to `cwd`
 */
export async function readInputs(
  paths: readonly string[],
  cwd: string,
): Promise<{ readonly inputs: readonly LocalInput[]; readonly skipped: string | null }> {
  const files: FoundFile[] = []
  const skipped: string[] = []
  for (const typed of paths) {
    for await (const found of filesAt(typed, resolve(cwd, typed))) {
      if (typeof found === 'string') skipped.push(found)
      else if (files.push(found) > INPUTS_MAX) throw tooMany(typed)
    }
  }
  const inputs: LocalInput[] = []
  for (const found of files) inputs.push(await withDigest(found))
  const valid = Inputs.safeParse(inputs.map(({ name, digest }) => ({ name, digest })))
  if (!valid.success) throw refused('--input', valid.error.issues[0]?.message ?? 'is not valid')
  return { inputs, skipped: skippedText(skipped) }
}

function skippedText(names: readonly string[]): string | null {
  if (names.length === 0) return null
  return `These files are not uploaded: ${safeLine(nameSome(names, NAMED_MAX))}`
}

/**
 * Yields the files of one argument. A skipped file is yielded as a string: its name and the reason.
 */
async function* filesAt(typed: string, path: string): AsyncGenerator<FoundFile | string> {
  const found = await reading(path, () => lstat(path))
  const name = basename(path)
  if (found.isSymbolicLink()) throw refused(typed, 'is a symbolic link: name its target instead')
  if (found.isDirectory()) {
    yield* filesIn(path, '')
    return
  }
  if (!found.isFile()) throw refused(typed, 'is not a regular file')
  if (name.startsWith('.')) throw refused(typed, 'is hidden: rename it without the leading dot')
  yield asInput(path, name, found)
}

async function* filesIn(root: string, under: string): AsyncGenerator<FoundFile | string> {
  const folder = join(root, under)
  for (const part of (await reading(folder, () => readdir(folder))).toSorted()) {
    const name = under === '' ? part : `${under}/${part}`
    const path = join(root, name)
    const found = await reading(path, () => lstat(path))
    if (part.startsWith('.')) yield `${name} (hidden)`
    else if (found.isSymbolicLink()) yield `${name} (symbolic link)`
    else if (found.isDirectory()) yield* filesIn(root, name)
    else if (found.isFile()) yield asInput(path, name, found)
    else yield `${name} (not a regular file)`
  }
}

function asInput(file: string, name: string, { size }: Stats): FoundFile {
  const valid = ArtifactName.safeParse(name)
  if (!valid.success) {
    throw refused(
      file,
      `cannot be an input named ${JSON.stringify(name)}: ${valid.error.issues[0]?.message}`,
    )
  }
  if (size > FILE_BYTES_MAX) {
    throw refused(file, `has ${bytes(size)}; the maximum for an input is ${bytes(FILE_BYTES_MAX)}`)
  }
  return { file, name, size }
}

async function withDigest(found: FoundFile): Promise<LocalInput> {
  return { ...found, digest: await reading(found.file, () => fileDigest(found.file)) }
}

async function reading<Value>(path: string, read: () => Promise<Value>): Promise<Value> {
  try {
    return await read()
  } catch (error) {
    throw new AppError('file-unreadable', `Cannot read ${path}: ${plainReason(error)}`, {
      cause: error,
    })
  }
}

const refused = (what: string, why: string): AppError =>
  new AppError('usage-invalid', what === '--input' ? `--input: ${why}` : `--input ${what} ${why}`)

const tooMany = (typed: string): AppError =>
  refused(typed, `exceeds the limit of ${INPUTS_MAX} inputs: pack the files into one archive`)
