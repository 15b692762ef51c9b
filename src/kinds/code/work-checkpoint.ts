import { z } from 'zod'
import type { Attempt } from '../../domain/attempt.ts'
import { KeptTurn } from '../../turn/kept-turn.ts'
import type { Change } from '../../workspace/change.ts'
import { ChangeRecord } from '../../workspace/change-artifacts.ts'

/** The step after which a later attempt can begin. */
const STEP = 'agent'

/** What an attempt made, for a later one to restore: artifacts of that attempt, and facts. */
const KeptWork = z.strictObject({ ...KeptTurn.shape, change: ChangeRecord })
export type KeptWork = z.infer<typeof KeptWork>

const Product = z.strictObject({ work: KeptWork.nullable() })

/** What earlier attempts of this job left to be continued; null when this one starts anew. */
export function keptWork({ earlier }: Pick<Attempt, 'earlier'>): KeptWork | null {
  const made = earlier.checkpoints.findLast(({ step }) => step === STEP)
  // Another version of the program may have written it: then the work is done again.
  return Product.safeParse(made?.product).data?.work ?? null
}

/**
 * Records the work of a turn, so that no later attempt pays for it again, if it was kept whole.
 * Answers whether it did, and the hub then has all that was kept.
 */
export async function recordWork(
  { report }: Pick<Attempt, 'report'>,
  { record }: Change,
  turn: KeptTurn,
): Promise<boolean> {
  if (record === null) return false
  return await report.checkpoint({ step: STEP, product: { work: { ...turn, change: record } } })
}

/** The work turned out to be no good: the next attempt starts anew. */
export async function discardWork({ report }: Pick<Attempt, 'report'>): Promise<void> {
  await report.checkpoint({ step: STEP, product: { work: null } })
}
