import type { AttemptReport } from '../domain/attempt.ts'
import type { Publication, PublicationIntent } from '../domain/publication.ts'
import { isLeaseLost, type StepFailed, Stopped } from '../domain/stop.ts'

/** An external place to publish to, such as a branch, a site or a folder of documents. */
export type Target = {
  /** `kind` and `target` together identify the target. Intents and publications contain both. */
  readonly kind: string
  readonly target: string
  /**
   * Reads the target's current revision, such as the commit at a branch's tip. Returns null if the
   * target does not exist. Throws StepFailed if it cannot be read.
   */
  look(signal: AbortSignal): Promise<string | null>
  /**
   * Converts an intent to a publication. Called only if the target is at the intent's revision, so
   * the publication has happened.
   */
  publicationOf(intent: PublicationIntent): Publication
}

/** A target, and how to publish to it. */
export type Publisher = Target & {
  /** Whether this job may replace the target's current revision. */
  mayReplace(revision: string | null): boolean
  /**
   * Makes the new revision locally. Changes nothing at the target. Throws StepFailed on failure.
   * @param replaces the current revision of the target, as `look` found it; null if there is none
   */
  prepare(replaces: string | null, signal: AbortSignal): Promise<PublicationIntent>
  /**
   * Publishes the intended revision if the target is still at the revision that `look` found
   * (compare-and-swap).
   * @returns the target's revision afterwards. Throws StepFailed if the target rejects the intended
   * revision.
   */
  act(intent: PublicationIntent, signal: AbortSignal): Promise<string | null>
  /** The failure to report if the target is at a revision that this job may not replace. */
  moved(revision: string | null): StepFailed
}

type Request = {
  /** Intents that earlier attempts of the job recorded. */
  readonly intents: readonly PublicationIntent[]
  readonly report: Pick<AttemptReport, 'intend'>
}

/**
 * Publishes at most once: if an earlier attempt of this job has published, returns that
 * publication. Replaces a revision only if `mayReplace` allows it. Records the intent before
 * publishing. Once the hub has the intent, a cancellation, a drain or a job limit no longer stops
 * the publication.
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
  // A delayed publication from an earlier attempt may have reached the target before ours. If so,
  // return that publication.
  const published = ownPublication(publisher, [...intents, intent], now)
  if (published === null) throw publisher.moved(now)
  return published
}

/**
 * Returns what an earlier attempt of the job has already published, or null if there is nothing.
 * Call this before repeating any work. Reads only targets for which an intent exists.
 * @param targetOf returns an intent's target, or null if the job does not publish to it
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

/**
 * Returns a signal that aborts like `signal`, but not for a cancellation, a drain or a job limit.
 */
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
