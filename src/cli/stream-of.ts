import type { LogStream } from '../domain/attempt.ts'
import type { Job } from '../domain/job.ts'
import { CodePayload } from '../kinds/code/payload.ts'

/** The log that tells a job's story: the transcript of a `command` agent holds its prompts alone. */
export function streamOf(job: Job): LogStream {
  const code = CodePayload.safeParse(job.payload)
  return code.success && code.data.agent.name === 'command' ? 'output' : 'transcript'
}
