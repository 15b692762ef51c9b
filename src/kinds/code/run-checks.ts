import { runCommandCheck } from '../../checks/command.ts'
import { reportCheck } from '../../checks/report-check.ts'
import type { Verdict } from '../../domain/verdict.ts'
import { inputsOf } from '../../pipeline/fetch-inputs.ts'
import { restoreTree } from '../../workspace/restore-tree.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { type CodeJob, inputFolders } from './code-job.ts'

/** A change to check: its tree, where it is checked out, and the turn that made it. */
type Judged = {
  readonly workspace: Workspace
  readonly tree: string
  readonly iteration: number
}

/**
 * Runs all checks, even after a failure, so that the agent gets all findings at once. Before each
 * check, including the first one, restores the tree that would be published. Git-ignored files,
 * HOME and the content of submodules stay as the agent and the previous checks left them. Throws
 * StepFailed `workspace-failed` if the tree cannot be restored.
 */
export async function runChecks(
  job: CodeJob,
  judged: Judged,
  signal: AbortSignal,
): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = []
  for (const check of job.payload.checks) {
    // The check must run on the tree to be published. The files in the work tree may differ from
    // it: the agent may have left files that git cannot store, and the previous check may have
    // changed files.
    await restoreTree(judged.workspace, judged.tree, signal)
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
  const inputs = inputsOf(attempt)
  return await reportCheck(
    { name: check.name, command: check.run, iteration },
    attempt.report,
    (onOutput) =>
      runCommandCheck(
        {
          ...check,
          judges: tree,
          tree: workspace.tree,
          env: {
            PATH: tools.path,
            HOME: home,
            LANG: 'C.UTF-8',
            CI: 'true',
            ...(inputs === null ? {} : { MILLWRIGHT_INPUTS: inputs }),
          },
          writable: [home],
          readable: [workspace.objects, ...inputFolders(attempt)],
          clock: tools.clock,
        },
        attempt.launch,
        onOutput,
        signal,
      ),
  )
}
