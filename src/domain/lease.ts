import { z } from 'zod'
import { JobId } from './id.ts'
import { ResourceKey } from './resource.ts'
import { Name, Offer } from './text.ts'
import { Earlier, Work } from './work.ts'

export const LEASE_MS_DEFAULT = 60_000
export const LEASE_MS_MIN = 1000
export const LEASE_MS_MAX = 86_400_000

/**
 * The job and attempt for which a worker writes to the hub. If the job already has a newer attempt,
 * the worker has lost the job, and the hub rejects the write.
 */
export const Fence = z.object({ jobId: JobId, attempt: z.int().min(1) })
export type Fence = Readonly<z.infer<typeof Fence>>

/** How a worker identifies itself. Its boot id shows whether it has restarted. */
export const WorkerIdentity = z.strictObject({
  id: z.uuid().describe('Stored in the worker’s data folder'),
  bootId: z.uuid().describe('New at every start'),
  name: z.string().min(1).max(100),
  version: z.string().max(64),
  slots: z.int().min(1).max(1024),
  kinds: z.array(Name).min(1).max(64),
  labels: z.array(Name).max(64).default([]),
  offers: z
    .array(Offer)
    .max(256)
    .default([])
    .describe(
      'The demands that the worker meets, such as agent:codex; repo:* meets the demand for any repository',
    ),
  accounts: z
    .array(ResourceKey)
    .max(16)
    .optional()
    .describe('Keys of the model accounts that the worker uses'),
  sandbox: z.enum(['bubblewrap', 'none']),
})
export type WorkerIdentity = z.infer<typeof WorkerIdentity>

/** The right to work on a job for `leaseMs` after each renewal, and the data that the work needs. */
export const Lease = z.object({
  job: Work.extend({
    locks: z.array(z.string()),
    // Hubs of protocol 1 do not say who submitted the job.
    submittedBy: z.string().nullable().default(null),
  }),
  attempt: z.int().min(1),
  /** Bearer token that is valid for this attempt only. */
  token: z.string(),
  leaseMs: z.int(),
  /** Keys of the closed resources for which this attempt is the trial. */
  trials: z.array(z.string()).default([]),
  ...Earlier.shape,
})
export type Lease = z.infer<typeof Lease>

export const fenceOf = ({ job, attempt }: Pick<Lease, 'job' | 'attempt'>): Fence => ({
  jobId: job.id,
  attempt,
})

/** The hub's response to a renewal. */
export const Renewal = z.object({
  leaseMs: z.int(),
  cancelRequested: z.boolean(),
})
export type Renewal = z.infer<typeof Renewal>
