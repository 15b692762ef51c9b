import { z } from 'zod'
import { Fence } from '../../domain/lease.ts'

// What the worker and the thread that keeps its leases say to each other. How long a lease is still
// believed in is not said but lies in memory that both see.

/** What the thread starts with. */
export const Start = z.strictObject({
  /** Of the hub. */
  url: z.string(),
  /** Of the worker's `Pulse`. */
  pulse: z.instanceof(SharedArrayBuffer),
  /** How long the worker's event loop may stand still, in milliseconds. */
  stillMs: z.int(),
})
export type Start = z.infer<typeof Start>

/** Said to the thread. */
export const LeaseCommand = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('keep'),
    ...Fence.shape,
    /** Of the attempt. */
    token: z.string(),
    leaseMs: z.int(),
    /** Of its `Lifeline`. */
    shared: z.instanceof(SharedArrayBuffer),
  }),
  z.strictObject({ type: z.literal('release'), ...Fence.shape }),
])
export type LeaseCommand = z.infer<typeof LeaseCommand>

/** Said by the thread. */
export const News = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready') }),
  /** Somebody wants the job to stop. */
  z.strictObject({ type: z.literal('cancel-requested'), ...Fence.shape }),
  /** The lease is gone, or nobody acknowledged it for too long. */
  z.strictObject({ type: z.literal('lease-lost'), ...Fence.shape }),
])
export type News = z.infer<typeof News>
