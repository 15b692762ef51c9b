import type { JobId } from '../../domain/id.ts'
import type { Fence } from '../../domain/lease.ts'

/** The fence of the attempt named in a request's path. */
export const fenceIn = (params: { readonly job: JobId; readonly attempt: number }): Fence => ({
  jobId: params.job,
  attempt: params.attempt,
})
