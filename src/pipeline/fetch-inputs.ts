import { chmod, mkdir, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Attempt } from '../domain/attempt.ts'
import { isBytesGone } from '../domain/errors.ts'
import type { InputFile } from '../domain/input.ts'
import { StepFailed } from '../domain/stop.ts'
import { allEnded } from '../platform/all-ended.ts'
import { fileDigest } from '../platform/file-digest.ts'

/**
 * Maximum number of parallel downloads. A few downloads hide latency; more would only share the
 * same bandwidth.
 */
const DOWNLOADS_MAX = 4

/**
 * Downloads the job's inputs into `inputs/` in the attempt's folder and makes them read-only.
 * Returns the path of `inputs/`, which exists even if the job has no inputs. Throws StepFailed
 * `input-failed` if the hub has lost an input or if an input does not match its digest.
 */
export async function fetchInputs(
  attempt: Pick<Attempt, 'earlier' | 'folder' | 'report'>,
  signal: AbortSignal,
): Promise<string> {
  const folder = folderOf(attempt)
  await mkdir(folder, { mode: 0o700 })
  const left = [...attempt.earlier.inputs]
  const fetchNext = async (): Promise<void> => {
    for (let input = left.shift(); input !== undefined; input = left.shift()) {
      await fetchInput(attempt, input, join(folder, input.name), signal).catch((error: unknown) => {
        left.length = 0
        throw error
      })
    }
  }
  await allEnded(Array.from({ length: DOWNLOADS_MAX }, fetchNext))
  await makeReadOnly(folder)
  return folder
}

/** The folder with the job's inputs, or null if the job has none. */
export const inputsOf = (attempt: Pick<Attempt, 'earlier' | 'folder'>): string | null =>
  attempt.earlier.inputs.length === 0 ? null : folderOf(attempt)

const folderOf = ({ folder }: Pick<Attempt, 'folder'>): string => join(folder, 'inputs')

async function fetchInput(
  { report }: Pick<Attempt, 'report'>,
  { name, digest }: InputFile,
  file: string,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  await report.fetchInput(name, file, signal).catch((error: unknown) => {
    if (!isBytesGone(error)) throw error
    throw new StepFailed('input-failed', `${name}: ${error.message}`)
  })
  const found = await fileDigest(file, signal)
  if (found === digest) return
  throw new StepFailed(
    'input-failed',
    `${name} was received with SHA-256 ${found}, but ${digest} was expected`,
  )
}

/** Without a sandbox, only the file modes keep a program from changing the inputs. */
async function makeReadOnly(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await makeReadOnly(path)
    else await chmod(path, 0o444)
  }
  await chmod(folder, 0o555)
}
