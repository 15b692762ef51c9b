import { z } from 'zod'
import type { Attempt } from '../../domain/attempt.ts'
import type { Taken } from './take-work.ts'

/** The step after which a later attempt can begin. */
const STEP = 'agent'

/** What an attempt made, for a later one to go on from: artifacts of that attempt, and facts. */
const KeptWork = z.strictObject({
  /** Whose artifacts hold it. */
  attempt: z.int().min(1),
  /** The commit it started from. */
  base: z.string(),
  /** What must come out when the patch is applied there. */
  tree: z.string(),
  /** Whether there is a patch: otherwise the tree is the base's. */
  changed: z.boolean(),
  /** What the patch points to in Git LFS, by their ids. */
  lfsObjects: z.array(z.string().regex(/^[0-9a-f]{64}$/)).default([]),
  /** The agent's session, to be gone on with; null when there is none. */
  session: z.string().nullable(),
  /** The agent's last words; null when it had to break off. */
  summary: z.string().nullable(),
})
export type KeptWork = z.infer<typeof KeptWork>

const Product = z.strictObject({ work: KeptWork.nullable() })

/** What earlier attempts of this job left to go on from; null when this one starts anew. */
export function keptWork({ earlier }: Pick<Attempt, 'earlier'>): KeptWork | null {
  const made = earlier.checkpoints.findLast(({ step }) => step === STEP)
  // Another version of the program may have written it: then the work is done again.
  return Product.safeParse(made?.product).data?.work ?? null
}

/**
 * Records the work of this attempt, so that no later one pays for it again; not when it holds so
 * much in Git LFS that only its pointers were kept.
 */
export async function recordWork(
  { number, report }: Attempt,
  { change, isWhole, hasSession }: Taken,
  agent: Pick<KeptWork, 'session' | 'summary'>,
): Promise<void> {
  if (!isWhole) return
  const { base, tree, changed, lfsObjects } = change
  const work: KeptWork = {
    attempt: number,
    base,
    tree,
    changed,
    lfsObjects: [...lfsObjects],
    summary: agent.summary,
    session: hasSession ? agent.session : null,
  }
  await report.checkpoint({ step: STEP, product: { work } })
}

/** The work turned out to be no good: the next attempt starts anew. */
export async function discardWork({ report }: Pick<Attempt, 'report'>): Promise<void> {
  await report.checkpoint({ step: STEP, product: { work: null } })
}
