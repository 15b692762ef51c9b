import { z } from 'zod'

/** The failed checks that a turn must fix. Checks truncate findings to a few kilobytes each. */
export const Answers = z.strictObject({
  /** The tree that the checks judged. */
  tree: z.string(),
  failed: z.array(z.strictObject({ check: z.string(), findings: z.string() })),
})
export type Answers = z.infer<typeof Answers>

/**
 * What a checkpoint records about the turn that made the work; a kind adds what it needs to restore
 * the work itself.
 */
export const KeptTurn = z.strictObject({
  /** The attempt whose artifacts hold the work. */
  attempt: z.int().min(1),
  /** Counts the turns of all attempts from 1. */
  iteration: z.int().min(1),
  /** Whether its artifacts have their own names, because a later turn uses the usual ones. */
  aside: z.boolean(),
  /** The id of the agent's session, whose files are kept; null when none are. */
  session: z.string().nullable(),
  /** The agent's final message; null when the turn was interrupted and must be continued. */
  summary: z.string().nullable(),
  /** What an interrupted turn had to fix; null for a finished turn, and when no check had failed. */
  answers: Answers.nullable(),
})
export type KeptTurn = z.infer<typeof KeptTurn>

/** The name under which a turn keeps the artifact that is usually called `name`. */
export const artifactName = (
  { aside, iteration }: Pick<KeptTurn, 'aside' | 'iteration'>,
  name: string,
): string => (aside ? `turn-${iteration}.${name}` : name)
