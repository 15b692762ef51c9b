import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isBytesGone } from '../../domain/errors.ts'
import { fileDigest } from '../../platform/file-digest.ts'
import { removeTree } from '../../platform/remove-tree.ts'
import { type GenerateJob, outputsOf } from './generate-job.ts'
import { OUTPUTS } from './list-outputs.ts'
import { keptOutputs, type Outputs, recordOutputs } from './outputs.ts'

/**
 * What an earlier attempt has made. Its files stay artifacts of that attempt; they are fetched only
 * when a program is to check them. Null when there are none, or when the hub no longer has one of
 * them: then this attempt makes them again.
 */
export async function adoptOutputs(job: GenerateJob, signal: AbortSignal): Promise<Outputs | null> {
  const { attempt, payload } = job
  const kept = keptOutputs(attempt)
  if (kept === null || payload.checks.length === 0) return kept
  const missing = await attempt.step('adopt', () => fetchOutputs(job, kept, signal))
  if (missing === null) return kept
  await recordOutputs(attempt, null)
  const text = `The files of attempt ${kept.attempt} are made again: ${missing}`
  attempt.report.tell({ type: 'note', code: 'work-not-found', text })
  await removeTree(outputsOf(attempt.folder))
  await mkdir(outputsOf(attempt.folder), { mode: 0o700 })
  return null
}

/** Fetches the files. Answers which one the hub no longer has, and why; null when it has all. */
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
    if ((await fileDigest(file, signal)) !== digest) return `${name} is not what it was`
  }
  return null
}
