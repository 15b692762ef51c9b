import type { LogStream } from '../domain/attempt.ts'
import type { Job } from '../domain/job.ts'
import { KINDS } from '../kinds/all.ts'
import { CodePayload } from '../kinds/code/payload.ts'

/** The log that tells a job's story: a `command` agent has no transcript, only what it prints. */
export function streamOf(job: Job): LogStream {
  const kind = KINDS.find(({ schema }) => schema.name === job.kind)
  if (kind !== undefined) return kind.schema.story(job.payload)
  const code = CodePayload.safeParse(job.payload)
  return code.success && code.data.agent.name === 'command' ? 'output' : 'transcript'
}
