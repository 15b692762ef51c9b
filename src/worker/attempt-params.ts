import type { Fence } from '../domain/lease.ts'

export type AttemptParams = { readonly job: Fence['jobId']; readonly attempt: number }

/** The path parameters that all routes of one attempt share. */
export const attemptParams = ({ jobId, attempt }: Fence): AttemptParams => ({ job: jobId, attempt })
