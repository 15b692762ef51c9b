import { EVENT_TEXT_MAX } from '../../domain/event.ts'
import { clipMiddle } from '../../domain/text.ts'
import type { Verdict } from '../../domain/verdict.ts'
import { runCommandCheck } from '../../checks/command.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import type { CodeJob } from './code-job.ts'

/** A change that is to be judged, by its tree, where it is checked out, and the turn that made it. */
type Judged = {
  readonly workspace: Workspace
  readonly tree: string
  readonly iteration: number
}

/** Runs all checks, so that one look shows everything that is wrong. */
export async function runChecks(
  job: CodeJob,
  judged: Judged,
  signal: AbortSignal,
): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = []
  for (const check of job.payload.checks) {
    verdicts.push(await runCheck(job, { ...judged, check }, signal))
  }
  return verdicts
}

type Check = CodeJob['payload']['checks'][number]

async function runCheck(
  { attempt, tools, home }: CodeJob,
  { workspace, tree, iteration, check }: Judged & { readonly check: Check },
  signal: AbortSignal,
): Promise<Verdict> {
  const { report, launch } = attempt
  report.log('checks', `== ${check.name}\n`)
  const verdict = await runCommandCheck(
    {
      ...check,
      judges: tree,
      tree: workspace.tree,
      env: { PATH: tools.path, HOME: home, LANG: 'C.UTF-8', CI: 'true' },
      writable: [home],
      readable: [workspace.objects],
      clock: tools.clock,
    },
    launch,
    (text) => report.log('checks', text),
    signal,
  )
  const { passed, durationMs, findings } = verdict
  report.log('checks', `\n== ${check.name}: ${passed ? 'passed' : 'failed'} in ${durationMs} ms\n`)
  report.tell({
    type: 'check-finished',
    check: check.name,
    passed,
    durationMs,
    tree,
    iteration,
    ...(passed ? {} : { findings: clipMiddle(findings, EVENT_TEXT_MAX) }),
  })
  return verdict
}
