import type { AttemptReport } from '../domain/attempt.ts'
import type { Publication, PublicationIntent } from '../domain/publication.ts'
import { isLeaseLost, type StepFailed, Stopped } from '../domain/stop.ts'

/** A place outside that can be read: a branch, a site, a folder of documents. */
export type Target = {
  /** As intents and publications name it. */
  readonly kind: string
  readonly target: string
  /** The revision it holds now, or null when it does not exist. Throws StepFailed. */
  look(signal: AbortSignal): Promise<string | null>
  /** What an intent becomes once the target holds its revision. */
  publicationOf(intent: PublicationIntent): Publication
}

/** A target and something to be published there. */
export type Publisher = Target & {
  /** Whether what the target holds now may be replaced. */
  mayReplace(revision: string | null): boolean
  /** Makes the new revision without showing it to anybody. Throws StepFailed. */
  prepare(replaces: string | null, signal: AbortSignal): Promise<PublicationIntent>
  /**
   * Replaces what the target held by the intended revision, if it still holds that.
   * @returns what it holds afterwards. Throws StepFailed when the target refused.
   */
  act(intent: PublicationIntent, signal: AbortSignal): Promise<string | null>
  /** The failure to report when the target holds what this job does not know. */
  moved(revision: string | null): StepFailed
}

type Request = {
  /** What earlier attempts of the job meant to publish. */
  readonly intents: readonly PublicationIntent[]
  readonly report: Pick<AttemptReport, 'intend'>
}

/**
 * Publishes once: what an earlier attempt of this job has published is adopted, and a target that
 * holds anything else unknown is left alone. The intent is recorded before the effect; from then on
 * only a lost lease stops it, because the hub already counts on it.
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
  // The effect of an earlier attempt may have been on its way all the time.
  const published = ownPublication(publisher, [...intents, intent], now)
  if (published === null) throw publisher.moved(now)
  return published
}

/**
 * What an earlier attempt of the job has already published, or null. To be asked before any work is
 * repeated; looks at no target without an intent.
 * @param targetOf the target of an intent; null when the job no longer publishes there
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

/** A signal that only a lost lease aborts. The publisher's own time limits still hold. */
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
