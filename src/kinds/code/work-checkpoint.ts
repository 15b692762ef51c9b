import { z } from 'zod'
import type { Attempt } from '../../domain/attempt.ts'
import { KeptTurn } from '../../turn/kept-turn.ts'
import type { Checkpoint } from '../../domain/event.ts'
import type { Change } from '../../workspace/change.ts'
import { ChangeRecord } from '../../workspace/change-artifacts.ts'

/** The name of the checkpointed step. A later attempt continues after this step. */
const STEP = 'agent'

/**
 * What a later attempt needs to restore the work: the turn that made it, and a record of the
 * change.
 */
const KeptWork = z.strictObject({ ...KeptTurn.shape, change: ChangeRecord })
export type KeptWork = z.infer<typeof KeptWork>

const Product = z.strictObject({ work: KeptWork.nullable() })

/**
 * The work of an earlier attempt, which this attempt continues; null if this attempt starts over.
 */
export function keptWork({ earlier }: Pick<Attempt, 'earlier'>): KeptWork | null {
  const made = earlier.checkpoints.findLast(({ step }) => step === STEP)
  // If another version of Millwright wrote the checkpoint in an unknown format, this attempt starts
  // over.
  return Product.safeParse(made?.product).data?.work ?? null
}

/**
 * Records the work of a turn, so that no later attempt has to repeat the turn.
 * @returns whether the work was recorded; false if a part of the work could not be kept
 */
export async function recordWork(
  { report }: Pick<Attempt, 'report'>,
  { record }: Change,
  turn: KeptTurn,
): Promise<boolean> {
  if (record === null) return false
  return await report.checkpoint(workCheckpoint(record, turn))
}

/** The checkpoint from which a later attempt continues the work. */
export const workCheckpoint = (change: ChangeRecord, turn: KeptTurn): Checkpoint => ({
  step: STEP,
  product: { work: { ...turn, change } satisfies KeptWork },
})

/** Discards recorded work that cannot be used, so that the next attempt starts over. */
export async function discardWork({ report }: Pick<Attempt, 'report'>): Promise<void> {
  await report.checkpoint({ step: STEP, product: { work: null } })
}
