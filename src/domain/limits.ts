import { z } from 'zod'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

/**
 * Limits of a job. An attempt that exceeds `wallMs`, `idleMs` or `steps` ends with the reason for that
 * limit, and its partial work is kept.
 */
export const Limits = z.strictObject({
  wallMs: z
    .int()
    .min(1000)
    .max(7 * DAY)
    .default(60 * MINUTE)
    .describe('longest duration of an attempt, in milliseconds'),
  idleMs: z
    .int()
    .min(1000)
    .max(7 * DAY)
    .default(10 * MINUTE)
    .describe('longest time without output from the agent, in milliseconds'),
  outputBytes: z
    .int()
    .min(64 * 1024)
    .max(2 ** 40)
    .default(64 * 1024 * 1024)
    .describe(
      'maximum number of bytes of agent output kept per stream; a marker replaces the middle of longer output',
    ),
  steps: z
    .int()
    .min(1)
    .max(10_000)
    .default(200)
    .describe(
      'maximum number of model calls the built-in agent can make in one turn; a job has up to `iterations` turns',
    ),
  pausedLocksMs: z
    .int()
    .min(0)
    .max(30 * DAY)
    .default(60 * MINUTE)
    .describe('how long a paused job keeps its locks, in milliseconds'),
  // Optional and without a default, because older hubs do not know this limit (see RetryPolicy).
  outageMs: z
    .int()
    .min(0)
    .max(7 * DAY)
    .optional()
    .describe(
      'how long the job waits for an unavailable git host or model (6 hours if not set), in milliseconds',
    ),
})
/** Default of `outageMs`, in milliseconds. */
export const OUTAGE_MS_DEFAULT = 6 * 60 * MINUTE
export type Limits = z.infer<typeof Limits>
