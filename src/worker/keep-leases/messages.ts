import { z } from 'zod'
import { Fence } from '../../domain/lease.ts'

// Messages between a worker and the thread that keeps its leases. The deadline of a lease is not sent
// but stored in memory that both share (`Lifeline`).

/** The thread's `workerData`. */
export const Start = z.strictObject({
  /** URL of the hub. */
  url: z.string(),
  /** Memory of the worker's `Heartbeat`. */
  heartbeat: z.instanceof(SharedArrayBuffer),
  /** How long the worker's event loop may hang, in milliseconds. */
  stillMs: z.int(),
})
export type Start = z.infer<typeof Start>

/** Sent to the thread. */
export const LeaseCommand = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('keep'),
    ...Fence.shape,
    /** Token of the attempt. */
    token: z.string(),
    leaseMs: z.int(),
    /** Memory of its `Lifeline`. */
    shared: z.instanceof(SharedArrayBuffer),
  }),
  z.strictObject({ type: z.literal('release'), ...Fence.shape }),
])
export type LeaseCommand = z.infer<typeof LeaseCommand>

/** Sent by the thread. */
export const LeaseNotice = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready') }),
  /** A cancel of the job was requested. */
  z.strictObject({ type: z.literal('cancel-requested'), ...Fence.shape }),
  /** The hub says that the lease is lost, or no renewal was acknowledged in time. */
  z.strictObject({ type: z.literal('lease-lost'), ...Fence.shape }),
])
export type LeaseNotice = z.infer<typeof LeaseNotice>
