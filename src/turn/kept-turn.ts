import { z } from 'zod'
import { SALVAGE } from '../domain/attempt.ts'

/**
 * The failed checks whose findings the agent must fix in a turn. Each check limits its findings to
 * a few kilobytes.
 */
export const Answers = z.strictObject({
  /** Id of the tree that the checks judged. */
  tree: z.string(),
  failed: z.array(z.strictObject({ check: z.string(), findings: z.string() })),
})
export type Answers = z.infer<typeof Answers>

/**
 * What a checkpoint records about the turn that made the work. Each kind adds what it needs to
 * restore the work.
 */
export const KeptTurn = z.strictObject({
  /** Number of the attempt whose artifacts hold the work. */
  attempt: z.int().min(1),
  /** The turn's number, counted from 1 across all attempts. */
  iteration: z.int().min(1),
  /** Whether the artifacts have turn-specific names, so that later turns do not overwrite them. */
  aside: z.boolean(),
  /** Whether the artifacts were uploaded after the attempt's worker died. Absent means no. */
  salvaged: z.literal(true).exactOptional(),
  /** Id of the agent's session, or null if its files were not kept. */
  session: z.string().nullable(),
  /** The agent's final message; null when the turn was interrupted and must be continued. */
  summary: z.string().nullable(),
  /** What an interrupted turn had to fix; null if the turn finished or no check had failed. */
  answers: Answers.nullable(),
})
export type KeptTurn = z.infer<typeof KeptTurn>

/**
 * Returns the name of a turn's artifact. `name` is the default name, such as `session.tar`. The
 * result is `salvage.session.tar` if the artifact was uploaded after the worker died,
 * `turn-3.session.tar` if turn 3 was set aside, and otherwise the default name.
 */
export const artifactName = (
  { aside, iteration, salvaged }: Pick<KeptTurn, 'aside' | 'iteration' | 'salvaged'>,
  name: string,
): string => {
  if (salvaged === true) return `${SALVAGE}${name}`
  return aside ? `turn-${iteration}.${name}` : name
}
