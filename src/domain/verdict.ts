/** The result of a check, bound to the exact tree that it judged. */
export type Verdict = {
  readonly check: string
  /** Id of the tree as the agent left it, without files that checks wrote. */
  readonly tree: string
  readonly passed: boolean
  /** For people and for the agent: the part of the check's output that helps. */
  readonly findings: string
  readonly durationMs: number
}

/** A check that failed, and why. */
export type FailedCheck = Pick<Verdict, 'check' | 'findings'>

/** Proof that a tree passed every check of its job. Only `approve` makes one. */
export type Approval = { readonly tree: string; readonly [approved]: true }
declare const approved: unique symbol

/**
 * Approves a tree for publication. Throws an Error when a check of the job has no passing verdict for
 * exactly this tree: the caller must have run all checks.
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
  // The only place that makes an approval. The brand exists in the type only.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { tree } as Approval
}
