import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isBytesGone } from '../../domain/errors.ts'
import { fileDigest } from '../../platform/file-digest.ts'
import { removeTree } from '../../platform/remove-tree.ts'
import { type GenerateJob, outputsOf } from './generate-job.ts'
import { OUTPUTS } from './list-outputs.ts'
import { keptOutputs, type Outputs, recordOutputs } from './outputs.ts'

/**
 * Reuses the outputs of an earlier attempt. The files remain artifacts of that attempt, and are
 * downloaded only if this job has checks. Returns null if there are no outputs or if one of the
 * files cannot be used: this attempt must then run the generator.
 */
export async function adoptOutputs(job: GenerateJob, signal: AbortSignal): Promise<Outputs | null> {
  const { attempt, payload } = job
  const kept = keptOutputs(attempt)
  if (kept === null || payload.checks.length === 0) return kept
  const missing = await attempt.step('adopt', () => fetchOutputs(job, kept, signal))
  if (missing === null) return kept
  await recordOutputs(attempt, null)
  const text = `The files of attempt ${kept.attempt} cannot be used (${missing}), so the generator runs again.`
  attempt.report.tell({ type: 'note', code: 'work-not-found', text })
  await removeTree(outputsOf(attempt.folder))
  await mkdir(outputsOf(attempt.folder), { mode: 0o700 })
  return null
}

/**
 * Downloads the files. Returns the reason why a file cannot be used; null if all files can be used.
 */
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
      if (!isBytesGone(error)) throw error
      return error.message
    }
    if ((await fileDigest(file, signal)) !== digest) return `${name} does not match its digest`
  }
  return null
}
