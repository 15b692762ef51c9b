import { z } from 'zod'
import type { Attempt } from '../../domain/attempt.ts'
import { ChangeRecord } from '../../workspace/change-artifacts.ts'
import type { Taken } from './take-work.ts'

/** The step after which a later attempt can begin. */
const STEP = 'agent'

/** What an attempt made, for a later one to go on from: artifacts of that attempt, and facts. */
const KeptWork = z.strictObject({
  /** Whose artifacts hold the change. */
  attempt: z.int().min(1),
  change: ChangeRecord,
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

/** Records the work of this attempt, so that no later one pays for it again, if it was kept whole. */
export async function recordWork(
  { number, report }: Attempt,
  { change, hasSession }: Taken,
  agent: Pick<KeptWork, 'session' | 'summary'>,
): Promise<void> {
  if (change.record === null) return
  const work: KeptWork = {
    attempt: number,
    change: change.record,
    summary: agent.summary,
    session: hasSession ? agent.session : null,
  }
  await report.checkpoint({ step: STEP, product: { work } })
}

/** The work turned out to be no good: the next attempt starts anew. */
export async function discardWork({ report }: Pick<Attempt, 'report'>): Promise<void> {
  await report.checkpoint({ step: STEP, product: { work: null } })
}
