import { existsSync } from 'node:fs'
import type { LeftAttempt, LeftWork, WorkKind } from '../../domain/attempt.ts'
import { removeTree } from '../../platform/remove-tree.ts'
import type { KindTools } from '../kind.ts'
import { readPayload } from '../read-payload.ts'
import { keptMark, outputsOf } from './generate-job.ts'
import { listOutputs, PARTIAL } from './list-outputs.ts'
import { artifactsOf } from './make-outputs.ts'
import { GeneratePayload } from './payload.ts'
import { runGenerate } from './run.ts'

/** Jobs in which a program makes files, which are checked and kept as artifacts. */
export const generateKind = (tools: Pick<KindTools, 'path' | 'clock'>): WorkKind => ({
  // Async, so that an error thrown by `readPayload` rejects the promise and fails the attempt.
  run: async (attempt, signal) =>
    await runGenerate(
      { tools, attempt, payload: readPayload(GeneratePayload, attempt.work) },
      signal,
    ),
  salvage: salvageOutputs,
  remove: removeTree,
  tidy: async () => 0,
})

/**
 * Returns the files that the generator wrote before the worker died. Returns none if the folder for
 * outputs was not created yet, or if the hub had already stored all outputs. Never returns a
 * checkpoint, because the files of an interrupted generator may be incomplete.
 */
async function salvageOutputs({ folder }: LeftAttempt, signal: AbortSignal): Promise<LeftWork> {
  const outputs = outputsOf(folder)
  const isKept = !existsSync(outputs) || existsSync(keptMark(folder))
  const written = isKept ? [] : (await listOutputs(outputs, signal)).files
  return { files: artifactsOf(written, PARTIAL), checkpoint: null }
}
