import { writeFile } from 'node:fs/promises'
import type { FileArtifact } from '../../domain/attempt.ts'
import { isLeaseLost, StepFailed } from '../../domain/stop.ts'
import { type GenerateJob, keptMark, outputsOf } from './generate-job.ts'
import { listOutputs, OUTPUTS, PARTIAL, type WrittenFile } from './list-outputs.ts'
import { digested, type MadeFile, type Outputs, recordOutputs } from './outputs.ts'
import { runGenerator } from './run-generator.ts'

/**
 * Runs the generator and uploads the files that it wrote. Resolves once the hub has stored them.
 */
export async function makeOutputs(
  job: GenerateJob,
  inputs: string,
  signal: AbortSignal,
): Promise<Outputs> {
  const { attempt } = job
  const work = async (): Promise<Outputs> => {
    await attempt.step('generate', () => runGenerator(job, inputs, signal))
    return await attempt.step('keep', () => takeOutputs(job, signal))
  }
  const outputs = await keepingPartial(job, work, signal)
  if (!(await recordOutputs(attempt, outputs))) {
    throw new StepFailed(
      'outputs-not-kept',
      'the notes of this attempt name the files that the hub refused, and why',
    )
  }
  await writeFile(keptMark(attempt.folder), '', { mode: 0o600 })
  return outputs
}

async function takeOutputs({ attempt }: GenerateJob, signal: AbortSignal): Promise<Outputs> {
  const { files, leftOut } = await listOutputs(outputsOf(attempt.folder), signal)
  if (leftOut !== null) {
    attempt.report.tell({ type: 'note', code: 'outputs-left-out', text: leftOut })
  }
  const made = await digested(files, signal)
  for (const artifact of artifactsOf(made, OUTPUTS)) attempt.report.keep(artifact)
  return {
    attempt: attempt.number,
    files: made.map(({ name, digest, size }) => ({ name, digest, size })),
    leftOut,
  }
}

/**
 * Runs `work`. If the generator fails or is stopped, keeps the files written so far. After a stop,
 * any error is treated as caused by the stop, because not all code throws the signal's reason.
 */
async function keepingPartial(
  job: GenerateJob,
  work: () => Promise<Outputs>,
  signal: AbortSignal,
): Promise<Outputs> {
  try {
    return await work()
  } catch (error) {
    const isExpected = signal.aborted || error instanceof StepFailed
    if (isExpected && !isLeaseLost(signal.reason)) await keepPartial(job)
    throw error
  }
}

/**
 * Keeps the files written so far. If the files are invalid or the time limit expires, reports a
 * note instead of throwing: a second error would hide the one that ended the generator.
 */
async function keepPartial({ attempt }: GenerateJob): Promise<void> {
  const grace = attempt.grace()
  try {
    const { files } = await listOutputs(outputsOf(attempt.folder), grace)
    for (const artifact of artifactsOf(files, PARTIAL)) attempt.report.keep(artifact)
  } catch (error) {
    if (!grace.aborted && !(error instanceof StepFailed)) throw error
    const text =
      error instanceof StepFailed ? error.detail : 'the time for keeping partial work ran out'
    attempt.report.tell({ type: 'note', code: 'work-not-kept', text })
  }
}

/**
 * The files as artifacts whose names begin with `tree`. If a file has a digest, the artifact has it
 * too: the file's bytes must still match that digest when the file is uploaded.
 */
export const artifactsOf = (
  files: readonly (WrittenFile | MadeFile)[],
  tree: typeof OUTPUTS | typeof PARTIAL,
): readonly FileArtifact[] =>
  files.map(({ name, file, ...rest }) => ({
    name: `${tree}/${name}`,
    mediaType: 'application/octet-stream',
    file,
    ...('digest' in rest ? { digest: rest.digest } : {}),
  }))
