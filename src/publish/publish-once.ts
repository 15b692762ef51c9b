import type { AttemptReport } from '../domain/attempt.ts'
import type { Publication, PublicationIntent } from '../domain/publication.ts'
import { isLeaseLost, type StepFailed, Stopped } from '../domain/stop.ts'

/** An outside place that can be read: a branch, a site, a folder of documents. */
export type Target = {
  /** Identifies the target together with `target`; intents and publications carry both. */
  readonly kind: string
  readonly target: string
  /** The current revision, or null when the target does not exist. Throws StepFailed. */
  look(signal: AbortSignal): Promise<string | null>
  /** The publication that an intent becomes once the target is at its revision. */
  publicationOf(intent: PublicationIntent): Publication
}

/** A target and the work to publish there. */
export type Publisher = Target & {
  /** Whether this job may replace the target's current revision. */
  mayReplace(revision: string | null): boolean
  /** Makes the new revision locally, without any outside effect. Throws StepFailed. */
  prepare(replaces: string | null, signal: AbortSignal): Promise<PublicationIntent>
  /**
   * Replaces the revision that `look` found with the intended one (compare and swap).
   * @returns the target's revision afterwards. Throws StepFailed when the target refuses.
   */
  act(intent: PublicationIntent, signal: AbortSignal): Promise<string | null>
  /** The failure to report when the target is at a revision that this job does not know. */
  moved(revision: string | null): StepFailed
}

type Request = {
  /** Intents that earlier attempts of the job recorded. */
  readonly intents: readonly PublicationIntent[]
  readonly report: Pick<AttemptReport, 'intend'>
}

/**
 * Publishes once: adopts what an earlier attempt of this job published, and never replaces an
 * unknown revision. Records the intent before the effect; from then on only a lost lease stops the
 * effect, because the hub already relies on the intent.
 */
export async function publishOnce(
  publisher: Publisher,
  { intents, report }: Request,
  signal: AbortSignal,
): Promise<Publication> {
  const found = await publisher.look(signal)
  const earlier = ownPublication(publisher, intents, found)
  if (earlier !== null) return earlier
  if (!publisher.mayReplace(found)) throw publisher.moved(found)
  const intent = await publisher.prepare(found, signal)
  await report.intend(intent)
  const now = await publisher.act(intent, untilLeaseLost(signal))
  // The delayed effect of an earlier attempt may have arrived first.
  const published = ownPublication(publisher, [...intents, intent], now)
  if (published === null) throw publisher.moved(now)
  return published
}

/**
 * What an earlier attempt of the job has already published, or null. Call it before repeating any
 * work. Reads only targets for which an intent exists.
 * @param targetOf the target of an intent; null when the job does not publish there
 */
export async function findPublished(
  intents: readonly PublicationIntent[],
  targetOf: (intent: PublicationIntent) => Promise<Target | null>,
  signal: AbortSignal,
): Promise<Publication | null> {
  const targets = new Map(intents.map((intent) => [`${intent.kind} ${intent.target}`, intent]))
  for (const intent of targets.values()) {
    const target = await targetOf(intent)
    const found = target === null ? null : await target.look(signal)
    const own = target === null ? null : ownPublication(target, intents, found)
    if (own !== null) return own
  }
  return null
}

function ownPublication(
  target: Target,
  intents: readonly PublicationIntent[],
  revision: string | null,
): Publication | null {
  const own = intents.find(
    (intent) =>
      intent.kind === target.kind &&
      intent.target === target.target &&
      intent.revision === revision,
  )
  return own === undefined ? null : target.publicationOf(own)
}

/** A signal that a lost lease aborts, but a cancel, a drain or a job limit does not. */
function untilLeaseLost(signal: AbortSignal): AbortSignal {
  const controller = new AbortController()
  const onAbort = () => {
    const why: unknown = signal.reason
    if (isLeaseLost(why) || !(why instanceof Stopped)) controller.abort(why)
  }
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, { once: true })
  return controller.signal
}
