import { openAsBlob } from 'node:fs'
import { z } from 'zod'
import { AppError, isAppError } from '../domain/errors.ts'
import { Digest } from '../domain/input.ts'
import type { Job, Submission } from '../domain/job.ts'
import type { HubClient } from '../protocol/client.ts'
import type { LocalInput } from './inputs.ts'

/**
 * The maximum number of rounds of uploads. Another round is needed only if the hub deletes an
 * uploaded file before the job refers to it. This is unlikely to happen several times in a row.
 */
const ROUNDS_MAX = 3

/**
 * Observes a round of uploads: `sent` is called with the size of each uploaded chunk. Disposed when
 * the uploads end or fail.
 */
export type UploadWatch = Disposable & { readonly sent: (bytes: number) => void }

/**
 * Submits a job with its inputs. The first request names the inputs' digests. If the hub lacks some
 * of these files, uploads them and submits the job again. Throws the hub's errors, and
 * `artifact-changed` if a file changes during its upload.
 * @param watch called before each round of uploads, with the total size in bytes
 */
export async function submitWithInputs(
  client: HubClient,
  job: z.input<typeof Submission>,
  inputs: readonly LocalInput[],
  watch: (totalBytes: number) => UploadWatch,
): Promise<{ readonly status: number; readonly answer: Job }> {
  const body = withInputs(job, inputs)
  for (let round = 1; ; round += 1) {
    try {
      return await client.exchange('submitJob', { body })
    } catch (error) {
      const lacking = filesOf(inputs, missingIn(error))
      if (lacking.length === 0 || round > ROUNDS_MAX) throw error
      using watched = watch(lacking.reduce((sum, { size }) => sum + size, 0))
      for (const input of lacking) await upload(client, input, watched)
    }
  }
}

/** The job with these files added to its inputs. */
export function withInputs(
  job: z.input<typeof Submission>,
  inputs: readonly LocalInput[],
): z.input<typeof Submission> {
  const named = inputs.map(({ name, digest }) => ({ name, digest }))
  return named.length === 0 ? job : { ...job, inputs: [...(job.inputs ?? []), ...named] }
}

const Missing = z.object({ missing: z.array(Digest) })

/**
 * The digests of the inputs that the hub lacks; empty if the hub refused the job for another
 * reason.
 */
function missingIn(error: unknown): ReadonlySet<string> {
  if (!isAppError(error, 'input-missing')) return new Set()
  return new Set(Missing.safeParse(error.details).data?.missing)
}

/** Picks one file for each digest, because several inputs may have the same content. */
const filesOf = (
  inputs: readonly LocalInput[],
  digests: ReadonlySet<string>,
): readonly LocalInput[] => [
  ...new Map(
    inputs.filter(({ digest }) => digests.has(digest)).map((input) => [input.digest, input]),
  ).values(),
]

async function upload(
  client: HubClient,
  { file, digest }: LocalInput,
  { sent }: UploadWatch,
): Promise<void> {
  const counted = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      sent(chunk.length)
      controller.enqueue(chunk)
    },
  })
  const body = (await openAsBlob(file)).stream().pipeThrough(counted)
  try {
    await client.call('putBlob', { params: { digest }, body })
  } catch (error) {
    if (!isAppError(error, 'digest-mismatch')) throw error
    throw new AppError('artifact-changed', `${file} changed while it was being uploaded`, {
      cause: error,
    })
  }
}
