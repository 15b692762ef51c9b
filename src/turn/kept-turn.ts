import { z } from 'zod'

/** The failed checks that a turn is to fix. Findings have a few kilobytes each, as checks cut them. */
export const Answers = z.strictObject({
  /** What the checks judged. */
  tree: z.string(),
  failed: z.array(z.strictObject({ check: z.string(), findings: z.string() })),
})
export type Answers = z.infer<typeof Answers>

/**
 * What a checkpoint says of the turn that made the work; a kind adds what it needs to restore the
 * work itself.
 */
export const KeptTurn = z.strictObject({
  /** The attempt whose artifacts hold the work. */
  attempt: z.int().min(1),
  /** Counts the turns of all attempts from 1. */
  iteration: z.int().min(1),
  /** Whether its artifacts have names of their own, because a later turn takes the usual ones. */
  aside: z.boolean(),
  /** The agent's session, whose files are kept; null when there are none. */
  session: z.string().nullable(),
  /** The agent's last words; null when the turn was interrupted and is to be continued. */
  summary: z.string().nullable(),
  /** What an interrupted turn was to fix; null for a finished one, and when it was to fix nothing. */
  answers: Answers.nullable(),
})
export type KeptTurn = z.infer<typeof KeptTurn>

/** The artifact in which a turn keeps what is usually called `name`. */
export const artifactName = (
  { aside, iteration }: Pick<KeptTurn, 'aside' | 'iteration'>,
  name: string,
): string => (aside ? `turn-${iteration}.${name}` : name)
