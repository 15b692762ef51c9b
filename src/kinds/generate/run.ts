import { mkdir } from 'node:fs/promises'
import { bytes } from '../../domain/bytes.ts'
import type { Outcome } from '../../domain/outcome.ts'
import { fetchInputs } from '../../pipeline/fetch-inputs.ts'
import { adoptOutputs } from './adopt-outputs.ts'
import { checkOutputs } from './check-outputs.ts'
import { type GenerateJob, homeOf, outputsOf } from './generate-job.ts'
import { makeOutputs } from './make-outputs.ts'
import type { Outputs } from './outputs.ts'

/** Runs a generate job: fetches its inputs, runs the generator, keeps the files and checks them. */
export async function runGenerate(job: GenerateJob, signal: AbortSignal): Promise<Outcome> {
  const { attempt } = job
  await mkdir(outputsOf(attempt.folder), { mode: 0o700 })
  await mkdir(homeOf(attempt.folder), { mode: 0o700 })
  const inputs = await attempt.step('inputs', () => fetchInputs(attempt, signal))
  const adopted = await adoptOutputs(job, signal)
  const outputs = adopted ?? (await makeOutputs(job, inputs, signal))
  await attempt.step('checks', () => checkOutputs(job, outputs, inputs, signal))
  return ready(outputs, adopted !== null)
}

function ready({ files, attempt, leftOut }: Outputs, isAdopted: boolean): Outcome {
  const total = files.reduce((sum, { size }) => sum + size, 0)
  const made = isAdopted ? `, made by attempt ${attempt}` : ''
  const kept = `${files.length} file${files.length === 1 ? '' : 's'}, ${bytes(total)}${made}`
  return {
    kind: 'succeeded',
    reason: 'objects-ready',
    detail: leftOut === null ? kept : `${kept}. ${leftOut}`,
    publication: null,
  }
}
