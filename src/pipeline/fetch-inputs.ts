import { chmod, mkdir, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Attempt } from '../domain/attempt.ts'
import { isBytesGone } from '../domain/errors.ts'
import type { InputFile } from '../domain/input.ts'
import { StepFailed } from '../domain/stop.ts'
import { allEnded } from '../platform/all-ended.ts'
import { fileDigest } from '../platform/file-digest.ts'

/** Parallel downloads: a few hide latency; more would only share the same bandwidth. */
const AT_ONCE = 4

/**
 * Downloads the inputs of the job into `inputs/` in the attempt's folder and makes them read-only.
 * Returns that folder, which exists even when there are no inputs. Throws StepFailed `input-failed`
 * for a file that the hub lost or that does not match its digest.
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
  await allEnded(Array.from({ length: AT_ONCE }, fetchNext))
  await makeReadOnly(folder)
  return folder
}

/** The folder of the inputs; null when the job has none. */
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
    `${name} was received with SHA-256 ${found}, expected ${digest}`,
  )
}

/** Without a sandbox, file modes are the only protection from a program that writes there. */
async function makeReadOnly(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await makeReadOnly(path)
    else await chmod(path, 0o444)
  }
  await chmod(folder, 0o555)
}
