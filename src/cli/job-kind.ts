import type { LogStream } from '../domain/attempt.ts'
import type { Job } from '../domain/job.ts'
import type { Fact, KindSchema } from '../domain/kind.ts'
import { KINDS } from '../kinds/all.ts'

type OfKind = Pick<Job, 'kind' | 'payload'>

/** What a person wants to see of a job, as its kind says; nothing where this program cannot read it. */
export const factsOf = (job: OfKind): readonly Fact[] => schemaOf(job)?.facts(job.payload) ?? []

/** The log that tells the story of a job, as its kind says. */
export const storyOf = (job: OfKind): LogStream => schemaOf(job)?.story(job.payload) ?? 'transcript'

/** null for a kind, or a payload, of another version of Millwright. */
function schemaOf({ kind, payload }: OfKind): KindSchema | null {
  const schema = KINDS.find((one) => one.schema.name === kind)?.schema
  return schema?.schema.safeParse(payload).success === true ? schema : null
}
