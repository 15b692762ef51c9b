import type { AskedCheck } from '../../checks/asked.ts'
import { runCommandCheck } from '../../checks/command.ts'
import { checkObjects, OBJECTS } from '../../checks/objects.ts'
import { reportCheck } from '../../checks/report-check.ts'
import { checkFailed } from '../../domain/check-failed.ts'
import type { Verdict } from '../../domain/verdict.ts'
import { type GenerateJob, homeOf, outputsOf } from './generate-job.ts'
import { type Outputs, treeOf } from './outputs.ts'

/**
 * Runs all checks, so that one look shows everything that is wrong. The files are on the hub
 * already: what a check writes is no part of them. Throws StepFailed `check-failed`.
 */
export async function checkOutputs(
  job: GenerateJob,
  outputs: Outputs,
  inputs: string,
  signal: AbortSignal,
): Promise<void> {
  const { attempt, payload } = job
  const objects = { tree: treeOf(outputs), files: outputs.files }
  const verdicts: Verdict[] = [
    await reportCheck({ name: OBJECTS }, attempt.report, async (onOutput) => {
      const verdict = checkObjects(objects, payload.outputs)
      onOutput(verdict.findings)
      return verdict
    }),
  ]
  for (const check of payload.checks) {
    verdicts.push(await runCheck(job, { check, tree: objects.tree, inputs }, signal))
  }
  const failed = verdicts.filter(({ passed }) => !passed)
  if (failed.length > 0) throw checkFailed(failed, '')
}

type Judged = { readonly check: AskedCheck; readonly tree: string; readonly inputs: string }

/** Runs in the folder of outputs; what it writes there is not kept. */
async function runCheck(
  { attempt, tools }: GenerateJob,
  { check, tree, inputs }: Judged,
  signal: AbortSignal,
): Promise<Verdict> {
  const { folder, launch, report } = attempt
  const [outputs, home] = [outputsOf(folder), homeOf(folder)]
  return await reportCheck({ name: check.name }, report, (onOutput) =>
    runCommandCheck(
      {
        ...check,
        judges: tree,
        tree: outputs,
        env: {
          PATH: tools.path,
          HOME: home,
          LANG: 'C.UTF-8',
          CI: 'true',
          MILLWRIGHT_INPUTS: inputs,
          MILLWRIGHT_OUTPUTS: outputs,
        },
        writable: [home],
        readable: [inputs],
        clock: tools.clock,
      },
      launch,
      onOutput,
      signal,
    ),
  )
}
