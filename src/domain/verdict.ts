/** The result of a check, bound to the exact tree that it judged. */
export type Verdict = {
  readonly check: string
  /** Id of the checked tree: the files as the agent left them, without files that checks wrote. */
  readonly tree: string
  readonly passed: boolean
  /** The part of the check's output that is useful to people and to the agent. */
  readonly findings: string
  readonly durationMs: number
  /** The program's exit code; null if it was killed. Absent if the check ran no program. */
  readonly exitCode?: number | null
}

/** A check that failed, and why. */
export type FailedCheck = Pick<Verdict, 'check' | 'findings'>

/** Proof that a tree passed every check of its job. Only `approve` creates it. */
export type Approval = { readonly tree: string; readonly [approved]: true }
declare const approved: unique symbol

/**
 * Approves a tree for publication. Throws an Error if a check of the job has no passing verdict for
 * exactly this tree, which is a bug of the caller.
 */
export function approve(
  tree: string,
  checks: readonly string[],
  verdicts: readonly Verdict[],
): Approval {
  const passed = verdicts.filter((verdict) => verdict.passed && verdict.tree === tree)
  const missing = checks.filter((name) => !passed.some(({ check }) => check === name))
  if (missing.length > 0) {
    throw new Error(`the tree ${tree} has not passed the checks ${missing.join(', ')}`)
  }
  // The member `[approved]` exists only in the type, so only this assertion can create an approval.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { tree } as Approval
}
