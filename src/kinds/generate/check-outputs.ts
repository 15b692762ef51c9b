import type { AskedCheck } from '../../checks/asked.ts'
import { runCommandCheck } from '../../checks/command.ts'
import { checkObjects, namesRequirements, type Objects, OBJECTS } from '../../checks/objects.ts'
import { reportCheck } from '../../checks/report-check.ts'
import { checkFailed } from '../../domain/check-failed.ts'
import type { Verdict } from '../../domain/verdict.ts'
import { changeOf } from './change-of.ts'
import { type GenerateJob, homeOf, outputsOf } from './generate-job.ts'
import { type Outputs, treeOf } from './outputs.ts'

/**
 * Runs all checks, even after a failure, so that the detail lists all findings. A check that
 * changes the files fails, and no check runs after it, because a later check would judge files that
 * the hub does not have. Throws StepFailed `check-failed`.
 */
export async function checkOutputs(
  job: GenerateJob,
  outputs: Outputs,
  inputs: string,
  signal: AbortSignal,
): Promise<void> {
  const { payload } = job
  const objects = { tree: treeOf(outputs), files: outputs.files }
  const verdicts: Verdict[] = [await judgeObjects(job, objects)]
  for (const check of payload.checks) {
    const { verdict, changedFiles } = await runCheck(job, { check, outputs, inputs }, signal)
    verdicts.push(verdict)
    if (changedFiles) break
  }
  const failed = verdicts.filter(({ passed }) => !passed)
  if (failed.length > 0) throw checkFailed(failed, '')
}

/**
 * Checks the names and the number of the files. If the job sets no requirements for them, the job
 * did not request this check, so only a failed verdict is reported.
 */
async function judgeObjects({ attempt, payload }: GenerateJob, objects: Objects): Promise<Verdict> {
  const verdict = checkObjects(objects, payload.outputs)
  if (verdict.passed && !namesRequirements(payload.outputs)) return verdict
  return await reportCheck({ name: OBJECTS }, attempt.report, async (onOutput) => {
    onOutput(verdict.findings)
    return verdict
  })
}

type Judged = { readonly check: AskedCheck; readonly outputs: Outputs; readonly inputs: string }

/** If `changedFiles` is true, the check changed output files, so its verdict is failed. */
type Answer = { readonly verdict: Verdict; readonly changedFiles: boolean }

async function runCheck(
  job: GenerateJob,
  { check, outputs, inputs }: Judged,
  signal: AbortSignal,
): Promise<Answer> {
  const { folder, launch, report } = job.attempt
  let changedFiles = false
  const verdict = await reportCheck(
    { name: check.name, command: check.run },
    report,
    async (onOutput) => {
      const asked = { ...programOf(job, check, inputs), judges: treeOf(outputs) }
      const said = await runCommandCheck(asked, launch, onOutput, signal)
      const change = await changeOf(outputs, outputsOf(folder), signal)
      if (change === null) return said
      changedFiles = true
      onOutput(`\n${change}`)
      return { ...said, passed: false, findings: `${change}\n\n${said.findings}`.trim() }
    },
  )
  return { verdict, changedFiles }
}

/** How to run a check's program. It runs in the folder of outputs, which it must not change. */
function programOf({ attempt: { folder }, tools }: GenerateJob, check: AskedCheck, inputs: string) {
  const [outputs, home] = [outputsOf(folder), homeOf(folder)]
  return {
    ...check,
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
  }
}
