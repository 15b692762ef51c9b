import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isAppError } from '../../domain/errors.ts'
import { fileDigest } from '../../platform/file-digest.ts'
import { removeTree } from '../../platform/remove-tree.ts'
import { type GenerateJob, outputsOf } from './generate-job.ts'
import { OUTPUTS } from './list-outputs.ts'
import { keptOutputs, type Outputs, recordOutputs } from './outputs.ts'

/**
 * What an earlier attempt has made, with its files in place when programs are to check them; they
 * stay artifacts of that attempt. Null when there is none, or when it can no longer be read: then
 * the files are made again.
 */
export async function adoptOutputs(job: GenerateJob, signal: AbortSignal): Promise<Outputs | null> {
  const { attempt, payload } = job
  const kept = keptOutputs(attempt)
  if (kept === null || payload.checks.length === 0) return kept
  const lost = await attempt.step('adopt', () => fetchOutputs(job, kept, signal))
  if (lost === null) return kept
  await recordOutputs(attempt, null)
  const text = `The files of attempt ${kept.attempt} are made again: ${lost}`
  attempt.report.tell({ type: 'note', code: 'work-not-found', text })
  await removeTree(outputsOf(attempt.folder))
  await mkdir(outputsOf(attempt.folder), { mode: 0o700 })
  return null
}

/** Answers why the files cannot be had any more; null when they are all there. */
async function fetchOutputs(
  { attempt }: GenerateJob,
  { attempt: from, files }: Outputs,
  signal: AbortSignal,
): Promise<string | null> {
  for (const { name, digest } of files) {
    const file = join(outputsOf(attempt.folder), name)
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    try {
      await attempt.report.fetchKept(from, `${OUTPUTS}/${name}`, file, signal)
    } catch (error) {
      const isGone =
        isAppError(error, 'artifact-not-found') || isAppError(error, 'artifact-corrupt')
      if (isGone) return error.message
      throw error
    }
    if ((await fileDigest(file, signal)) !== digest) return `${name} is not what it was`
  }
  return null
}
