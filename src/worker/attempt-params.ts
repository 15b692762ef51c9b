import type { Fence } from '../domain/lease.ts'

export type AttemptParams = { readonly job: Fence['jobId']; readonly attempt: number }

/** The path parameters in the URL of every route that belongs to an attempt. */
export const attemptParams = ({ jobId, attempt }: Fence): AttemptParams => ({ job: jobId, attempt })
