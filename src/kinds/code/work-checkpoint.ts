import { z } from 'zod'
import type { Attempt } from '../../domain/attempt.ts'
import { KeptTurn } from '../../turn/kept-turn.ts'
import type { Change } from '../../workspace/change.ts'
import { ChangeRecord } from '../../workspace/change-artifacts.ts'

/** The step after which a later attempt can continue. */
const STEP = 'agent'

/** The work of an attempt, as a later one restores it: artifacts of that attempt, and their facts. */
const KeptWork = z.strictObject({ ...KeptTurn.shape, change: ChangeRecord })
export type KeptWork = z.infer<typeof KeptWork>

const Product = z.strictObject({ work: KeptWork.nullable() })

/** The work of earlier attempts to continue; null when this attempt starts over. */
export function keptWork({ earlier }: Pick<Attempt, 'earlier'>): KeptWork | null {
  const made = earlier.checkpoints.findLast(({ step }) => step === STEP)
  // Another version of the program may have written it in another form: then the attempt starts over.
  return Product.safeParse(made?.product).data?.work ?? null
}

/**
 * Records the work of a turn, so that no later attempt pays for it again. Returns true when it is
 * recorded, and the hub then has all artifacts; false when the change was not kept completely.
 */
export async function recordWork(
  { report }: Pick<Attempt, 'report'>,
  { record }: Change,
  turn: KeptTurn,
): Promise<boolean> {
  if (record === null) return false
  return await report.checkpoint({ step: STEP, product: { work: { ...turn, change: record } } })
}

/** Discards recorded work that cannot be used: the next attempt starts over. */
export async function discardWork({ report }: Pick<Attempt, 'report'>): Promise<void> {
  await report.checkpoint({ step: STEP, product: { work: null } })
}
