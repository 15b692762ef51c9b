import type { Job, Submission } from '../../domain/job.ts'
import type { UserPrincipal } from '../../domain/principal.ts'
import type { HubState } from '../context.ts'
import { checkWork, kindNamed } from './check-work.ts'
import { checkedCallbacks } from './checked-callbacks.ts'
import { requestDigest } from './request-digest.ts'
import { demandRoomForJobs } from './room.ts'

/**
 * A job, and whether this request created it. `created` is false if an earlier request with the same
 * idempotency key created the job.
 */
export type Submitted = { readonly job: Job; readonly created: boolean }

/** Validates a submission, using its kind's schema, and writes the job to the ledger. */
export async function submit(
  hub: HubState,
  submission: Submission,
  by: UserPrincipal,
): Promise<Submitted> {
  await demandRoomForJobs(hub)
  const { idempotencyKey, ...asked } = submission
  return hub.ledger.submit({
    ...checkWork(kindNamed(hub, asked.kind), asked),
    callbacks: checkedCallbacks(hub.callbacks, asked.callbacks),
    idempotencyKey,
    retryOf: null,
    submitter: by,
    requestDigest: requestDigest(asked),
  })
}
