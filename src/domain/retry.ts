import { z } from 'zod'

/**
 * How often and how fast a job is retried. Members that protocol 2 added are optional and have no
 * default. A policy without these members is therefore the same JSON as in protocol 1: older hubs
 * can read the policy, and a repeated submission keeps the digest by which the hub recognizes it.
 */
export const RetryPolicy = z.strictObject({
  maxFailures: z
    .int()
    .min(1)
    .max(100)
    .default(3)
    .describe(
      'Number of failed attempts after which the job fails; an attempt also counts as failed if its worker is lost after the agent or generator started',
    ),
  firstDelayMs: z
    .int()
    .min(0)
    .max(86_400_000)
    .optional()
    .describe('Wait before the first retry; default: 0'),
  delayMs: z.int().min(0).max(86_400_000).default(10_000).describe('Wait before the second retry'),
  factor: z
    .number()
    .min(1)
    .max(10)
    .default(2)
    .describe('Factor by which the wait grows after each further failure'),
  capMs: z.int().min(0).max(604_800_000).default(600_000).describe('Longest wait before a retry'),
  expiryDelayMs: z
    .int()
    .min(0)
    .max(86_400_000)
    .optional()
    .describe('Wait after a worker is lost; default: the same as after any other failure'),
  countEarlyExpiry: z
    .boolean()
    .optional()
    .describe(
      'Whether losing the worker before its agent started counts as a failure; default: no',
    ),
})
export type RetryPolicy = z.infer<typeof RetryPolicy>

/**
 * How long to wait after the n-th failure, in milliseconds. Unless the policy says otherwise, the
 * first retry is immediate, because most first failures are lost workers, and another worker is
 * idle.
 */
export function backOffMs(policy: RetryPolicy, failures: number): number {
  if (failures === 0) return 0
  if (failures === 1) return Math.min(policy.capMs, policy.firstDelayMs ?? 0)
  return Math.min(policy.capMs, Math.round(policy.delayMs * policy.factor ** (failures - 2)))
}
