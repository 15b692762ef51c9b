import { createHash } from 'node:crypto'
import type { JobEvent } from '../../src/domain/event.ts'
import type { Job } from '../../src/domain/job.ts'
import { GENERATE } from '../../src/kinds/generate/schema.ts'
import type { TestHub } from './hub.ts'
import { sh } from './worker.ts'

type GenerateJob = {
  /** The generator, as a line for sh. */
  readonly script: string
  /** Texts by name. */
  readonly inputs?: Readonly<Record<string, string>>
  readonly payload?: Readonly<Record<string, unknown>>
  readonly limits?: Readonly<Record<string, number>>
  readonly retry?: Readonly<Record<string, number>>
}

/** Submits a generate job with its inputs uploaded. */
export async function submitGenerate(
  hub: TestHub,
  { script, inputs = {}, payload = {}, ...rest }: GenerateJob,
): Promise<Job> {
  const body = {
    kind: GENERATE,
    payload: { generator: { name: 'command', run: sh(script) }, ...payload },
    inputs: await uploaded(hub, inputs),
    ...rest,
  }
  return await hub.admin.call('submitJob', { body })
}

/** Uploads texts; returns them in the form in which a submission names them. */
export async function uploaded(
  hub: TestHub,
  texts: Readonly<Record<string, string>>,
): Promise<{ name: string; digest: string }[]> {
  const uploads = Object.entries(texts).map(async ([name, text]) => {
    const digest = createHash('sha256').update(text).digest('hex')
    await hub.admin.call('putBlob', { params: { digest }, body: Buffer.from(text) })
    return { name, digest }
  })
  return await Promise.all(uploads)
}

/** All events of a job, oldest first. */
export async function eventsOf(hub: TestHub, id: Job['id']): Promise<readonly JobEvent[]> {
  const query = { limit: 1000 }
  return (await hub.admin.call('listEvents', { params: { job: id }, query })).events
}
