import { z } from 'zod'
import { Fence } from '../../domain/lease.ts'

// Messages between a worker's main thread and its lease thread. A lease's deadline is not sent,
// because both threads share it in memory (`Lifeline`).

/** The data that the main thread passes to the lease thread at its start (`workerData`). */
export const Start = z.strictObject({
  /** URL of the hub. */
  url: z.string(),
  /** Variables that name the network proxy to the hub; empty if there is no proxy. */
  proxy: z.record(z.string(), z.string()),
  /** Memory of the worker's `Heartbeat`. */
  heartbeat: z.instanceof(SharedArrayBuffer),
  /**
   * How long the worker's event loop may hang before the thread kills the worker, in milliseconds.
   */
  stillMs: z.int(),
})
export type Start = z.infer<typeof Start>

/** Messages to the lease thread. */
export const LeaseCommand = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('keep'),
    ...Fence.shape,
    /** Token of the attempt. */
    token: z.string(),
    leaseMs: z.int(),
    /** Memory of the lease's `Lifeline`. */
    shared: z.instanceof(SharedArrayBuffer),
  }),
  z.strictObject({ type: z.literal('release'), ...Fence.shape }),
])
export type LeaseCommand = z.infer<typeof LeaseCommand>

/** Messages from the lease thread. */
export const LeaseNotice = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready') }),
  /** A cancel of the job was requested. */
  z.strictObject({ type: z.literal('cancel-requested'), ...Fence.shape }),
  /** The hub says that the lease is lost, or no renewal was acknowledged in time. */
  z.strictObject({ type: z.literal('lease-lost'), ...Fence.shape }),
])
export type LeaseNotice = z.infer<typeof LeaseNotice>
