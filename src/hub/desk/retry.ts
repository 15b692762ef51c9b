import { AppError } from '../../domain/errors.ts'
import type { JobId } from '../../domain/id.ts'
import type { Job } from '../../domain/job.ts'
import type { FollowUp, KindSchema } from '../../domain/kind.ts'
import type { UserPrincipal } from '../../domain/principal.ts'
import { isTerminal } from '../../domain/state.ts'
import { LockKey } from '../../domain/text.ts'
import type { HubState } from '../context.ts'
import { checkWork, kindNamed } from './check-work.ts'
import { checkedCallbacks } from './checked-callbacks.ts'
import { requestDigest } from './request-digest.ts'
import { demandRoomForJobs } from './room.ts'
import type { Submitted } from './submit.ts'

/** The values in which the new job can differ from the earlier one, and an idempotency key. */
export type RetryRequest = FollowUp & { readonly idempotencyKey?: string | undefined }

/**
 * Submits a new job that continues a job that has ended. The new job has the same payload, except
 * for the requested changes, and the same settings, inputs, callbacks and group. It does not have
 * the earlier job's origin, hold and start time, because they applied only to the earlier
 * submission.
 */
export async function retry(
  hub: HubState,
  jobId: JobId,
  { prompt, ref, branch, idempotencyKey }: RetryRequest,
  by: UserPrincipal,
): Promise<Submitted> {
  await demandRoomForJobs(hub)
  const earlier = await hub.ledger.job(jobId)
  if (!isTerminal(earlier.state)) {
    throw new AppError('job-not-terminal', `Job ${jobId} is still ${earlier.state}.`)
  }
  const kind = kindNamed(hub, earlier.kind)
  const change = { prompt, ref, branch }
  const payload = kind.followUp(earlier.payload, change)
  const { priority, labels, limits, retry: policy } = earlier
  const locks = locksOf(kind, earlier)
  const files = await hub.ledger.inputs(jobId)
  const inputs = files.map(({ name, digest }) => ({ name, digest }))
  const work = { payload, priority, labels, locks, limits, retry: policy, inputs, retryOf: jobId }
  return hub.ledger.submit({
    ...checkWork(kind, work),
    kind: earlier.kind,
    group: earlier.group ?? undefined,
    callbacks: checkedCallbacks(hub.callbacks, await hub.ledger.callbacks(jobId)),
    idempotencyKey,
    submitter: by,
    requestDigest: requestDigest({ retryOf: jobId, ...change }),
  })
}

/**
 * Returns the keys with which the earlier job was submitted, and a key for the target to which that
 * job published, because the follow-up may publish to the same target. The keys that derive from
 * the follow-up's payload are added by the submission.
 */
function locksOf(kind: KindSchema, { locks, payload, publication }: Job): string[] {
  const derived = kind.locks(payload)
  const given = locks.filter((key) => !derived.includes(key))
  const published = publication === null ? [] : [`${publication.kind}:${publication.target}`]
  return [...given, ...published.filter((key) => LockKey.safeParse(key).success)]
}
