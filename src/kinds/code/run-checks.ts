import { StepFailed } from '../../domain/stop.ts'
import { clipStart } from '../../domain/text.ts'
import type { Verdict } from '../../domain/verdict.ts'
import { runCommandCheck } from '../../checks/command.ts'
import { inputsOf } from '../../pipeline/fetch-inputs.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import type { CodeJob } from './code-job.ts'

/** Of a failed check's findings, what goes into the job's detail; the rest is in its log. */
const FINDINGS_MAX = 2000

/** Runs all checks, so that one look shows everything that is wrong. Throws `check-failed`. */
export async function runChecks(
  job: CodeJob,
  { workspace, tree }: Judged,
  signal: AbortSignal,
): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = []
  for (const check of job.payload.checks) {
    verdicts.push(await runCheck(job, { workspace, tree, check }, signal))
  }
  const failed = verdicts.filter(({ passed }) => !passed)
  if (failed.length === 0) return verdicts
  const words = failed.map(
    ({ check, findings }) => `check "${check}" failed:\n${clipStart(findings, FINDINGS_MAX)}`,
  )
  throw new StepFailed('check-failed', words.join('\n\n'))
}

/** A change that is to be judged, by its tree, and where it is checked out. */
type Judged = { readonly workspace: Workspace; readonly tree: string }

type Check = CodeJob['payload']['checks'][number]

async function runCheck(
  { attempt, tools, home }: CodeJob,
  { workspace, tree, check }: Judged & { readonly check: Check },
  signal: AbortSignal,
): Promise<Verdict> {
  const { report, launch } = attempt
  const inputs = inputsOf(attempt)
  report.log('checks', `== ${check.name}\n`)
  const verdict = await runCommandCheck(
    {
      ...check,
      judges: tree,
      tree: workspace.tree,
      env: { PATH: tools.path, HOME: home, LANG: 'C.UTF-8', CI: 'true' },
      writable: [home],
      readable: inputs === null ? [workspace.objects] : [workspace.objects, inputs],
      clock: tools.clock,
    },
    launch,
    (text) => report.log('checks', text),
    signal,
  )
  const { passed, durationMs } = verdict
  report.log('checks', `\n== ${check.name}: ${passed ? 'passed' : 'failed'} in ${durationMs} ms\n`)
  report.tell({ type: 'check-finished', check: check.name, passed, durationMs })
  return verdict
}
