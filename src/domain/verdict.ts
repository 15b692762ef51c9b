/** A check's answer, bound to the exact tree it saw. */
export type Verdict = {
  readonly check: string
  readonly passed: boolean
  /** For people and for the agent: the last lines of output. */
  readonly findings: string
  readonly durationMs: number
}
