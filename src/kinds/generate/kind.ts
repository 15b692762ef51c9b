import { existsSync } from 'node:fs'
import type { Attempt, FileArtifact, LeftAttempt, WorkKind } from '../../domain/attempt.ts'
import { StepFailed } from '../../domain/stop.ts'
import { removeTree } from '../../platform/remove-tree.ts'
import type { KindTools } from '../kind.ts'
import { keptMark, outputsOf } from './generate-job.ts'
import { listOutputs, PARTIAL } from './list-outputs.ts'
import { artifactsOf } from './make-outputs.ts'
import { GeneratePayload } from './payload.ts'
import { runGenerate } from './run.ts'

/** Files made by a program over the job's inputs, checked, and kept as artifacts. */
export const generateKind = (tools: Pick<KindTools, 'path' | 'clock'>): WorkKind => ({
  // Async, so that a job this worker cannot do is a failed attempt like any other.
  run: async (attempt, signal) =>
    await runGenerate({ tools, attempt, payload: payloadOf(attempt) }, signal),
  salvage: salvageOutputs,
  remove: removeTree,
  tidy: async () => 0,
})

/** The hub has checked it, so what is unknown here is newer than this worker. */
function payloadOf({ work }: Attempt): GeneratePayload {
  const parsed = GeneratePayload.safeParse(work.payload)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new StepFailed('worker-outdated', `payload.${issue?.path.join('.')}: ${issue?.message}`)
}

/** Nothing when the attempt died before it made the folder, or after the hub had all outputs. */
async function salvageOutputs(
  { folder }: LeftAttempt,
  signal: AbortSignal,
): Promise<readonly FileArtifact[]> {
  const outputs = outputsOf(folder)
  if (!existsSync(outputs) || existsSync(keptMark(folder))) return []
  return artifactsOf((await listOutputs(outputs, signal)).files, PARTIAL)
}
