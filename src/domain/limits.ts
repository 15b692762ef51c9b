import { z } from 'zod'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

/** What one attempt may use; `steps` counts anew in each turn of the agent. Each ends the attempt with a reason of its own and keeps the work. */
export const Limits = z.strictObject({
  wallMs: z
    .int()
    .min(1000)
    .max(7 * DAY)
    .default(60 * MINUTE)
    .describe('longest attempt in milliseconds'),
  idleMs: z
    .int()
    .min(1000)
    .max(7 * DAY)
    .default(10 * MINUTE)
    .describe('longest silence of the agent in milliseconds'),
  outputBytes: z
    .int()
    .min(64 * 1024)
    .max(2 ** 40)
    .default(64 * 1024 * 1024)
    .describe('agent output kept per stream: head and tail; the loss is marked'),
  steps: z
    .int()
    .min(1)
    .max(10_000)
    .default(200)
    .describe(
      'model calls of the built-in agent in one turn; an attempt has up to `iterations` turns',
    ),
  pausedLocksMs: z
    .int()
    .min(0)
    .max(30 * DAY)
    .default(60 * MINUTE)
    .describe('milliseconds for which a paused job keeps its locks'),
})
export type Limits = z.infer<typeof Limits>
