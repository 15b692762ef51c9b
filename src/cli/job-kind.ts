import type { LogStream } from '../domain/attempt.ts'
import type { Job } from '../domain/job.ts'
import type { Fact, KindSchema } from '../domain/kind.ts'
import type { UnmetDemand } from '../domain/lack.ts'
import { KINDS } from '../kinds/all.ts'

type OfKind = Pick<Job, 'kind' | 'payload'>

/**
 * The names and values that a job's kind derives from the payload for display. Empty if this
 * version does not know the kind or the payload.
 */
export const factsOf = (job: OfKind): readonly Fact[] => schemaOf(job)?.facts(job.payload) ?? []

/**
 * The prompt for the job's agent; null if the job has no prompt, or if this version does not know
 * the kind.
 */
export const promptOf = (job: OfKind): string | null => schemaOf(job)?.prompt(job.payload) ?? null

/** The log that is shown by default for a job. It depends on the job's kind and payload. */
export const storyOf = (job: OfKind): LogStream => schemaOf(job)?.story(job.payload) ?? 'transcript'

/**
 * The explanation for a demand that no worker meets; null if this version does not know the demand.
 * @param offered what the connected workers offer
 */
export const lackOf = (demand: string, offered: readonly string[]): UnmetDemand | null =>
  KINDS.map(({ schema }) => schema.lack(demand, offered)).find((lack) => lack !== null) ?? null

/**
 * Returns the schema of a job's kind, or null if this version does not know the kind or the
 * payload.
 */
function schemaOf({ kind, payload }: OfKind): KindSchema | null {
  const schema = KINDS.find((one) => one.schema.name === kind)?.schema
  return schema?.schema.safeParse(payload).success === true ? schema : null
}
