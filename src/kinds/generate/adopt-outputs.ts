import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isBytesGone } from '../../domain/errors.ts'
import { fileDigest } from '../../platform/file-digest.ts'
import { removeTree } from '../../platform/remove-tree.ts'
import { type GenerateJob, outputsOf } from './generate-job.ts'
import { OUTPUTS } from './list-outputs.ts'
import { keptOutputs, type Outputs, recordOutputs } from './outputs.ts'

/**
 * Takes over the outputs of an earlier attempt. The files remain artifacts of that attempt, and are
 * fetched only when a program checks them. Returns null when there are none, or when one is missing
 * from the hub: then this attempt runs the generator again.
 */
export async function adoptOutputs(job: GenerateJob, signal: AbortSignal): Promise<Outputs | null> {
  const { attempt, payload } = job
  const kept = keptOutputs(attempt)
  if (kept === null || payload.checks.length === 0) return kept
  const missing = await attempt.step('adopt', () => fetchOutputs(job, kept, signal))
  if (missing === null) return kept
  await recordOutputs(attempt, null)
  const text = `The files of attempt ${kept.attempt} cannot be used, so the generator runs again: ${missing}`
  attempt.report.tell({ type: 'note', code: 'work-not-found', text })
  await removeTree(outputsOf(attempt.folder))
  await mkdir(outputsOf(attempt.folder), { mode: 0o700 })
  return null
}

/** Fetches the files. Returns why one of them cannot be used; null when all can. */
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
    if ((await fileDigest(file, signal)) !== digest) return `${name} has changed`
  }
  return null
}
