/** A check's answer, bound to the exact tree it judged. */
export type Verdict = {
  readonly check: string
  /** The tree as the agent left it, by the id that a change has; files that checks write are no part of it. */
  readonly tree: string
  readonly passed: boolean
  /** For people and for the agent: what the check printed, shortened to what helps. */
  readonly findings: string
  readonly durationMs: number
}

/** A check that failed, and why. */
export type FailedCheck = Pick<Verdict, 'check' | 'findings'>

/** That a tree passed every check its job names. Made by `approve` alone. */
export type Approval = { readonly tree: string; readonly [approved]: true }
declare const approved: unique symbol

/**
 * Says that a tree may be published. Throws an Error when a check that the job names has no passing
 * verdict for this very tree: whoever asks must have run them.
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
  // The one place that makes an approval: the brand exists in types alone.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { tree } as Approval
}
