import { z } from 'zod'
import type { Attempt } from '../../domain/attempt.ts'
import { KeptTurn } from '../../turn/kept-turn.ts'
import type { Change } from '../../workspace/change.ts'
import { isKeptWhole } from './take-work.ts'

/** The step after which a later attempt can begin. */
const STEP = 'agent'

/** What an attempt made, for a later one to restore: artifacts of that attempt, and facts. */
const KeptWork = z.strictObject({
  ...KeptTurn.shape,
  /** The commit it started from. */
  base: z.string(),
  /** The tree that must come out when the patch is applied there. */
  tree: z.string(),
  /** Whether there is a patch: otherwise the tree is the base's. */
  changed: z.boolean(),
  /** What the patch points to in Git LFS, by their ids. */
  lfsObjects: z.array(z.string().regex(/^[0-9a-f]{64}$/)).default([]),
})
export type KeptWork = z.infer<typeof KeptWork>

const Product = z.strictObject({ work: KeptWork.nullable() })

/** What earlier attempts of this job left to be continued; null when this one starts anew. */
export function keptWork({ earlier }: Pick<Attempt, 'earlier'>): KeptWork | null {
  const made = earlier.checkpoints.findLast(({ step }) => step === STEP)
  // Another version of the program may have written it: then the work is done again.
  return Product.safeParse(made?.product).data?.work ?? null
}

/**
 * Records the work of a turn, so that no later attempt pays for it again; not when it holds so much
 * in Git LFS that only its pointers were kept.
 */
export async function recordWork(
  { report }: Pick<Attempt, 'report'>,
  change: Change,
  turn: KeptTurn,
): Promise<void> {
  if (!isKeptWhole(change)) return
  const { base, tree, changed, lfsObjects } = change
  const work: KeptWork = { ...turn, base, tree, changed, lfsObjects: [...lfsObjects] }
  await report.checkpoint({ step: STEP, product: { work } })
}

/** The work turned out to be no good: the next attempt starts anew. */
export async function discardWork({ report }: Pick<Attempt, 'report'>): Promise<void> {
  await report.checkpoint({ step: STEP, product: { work: null } })
}
