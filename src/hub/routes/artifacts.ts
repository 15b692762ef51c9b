import type { IncomingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import type { Fence } from '../../domain/lease.ts'
import type { ArtifactRow } from '../../ledger/port.ts'
import { parseInput } from '../../protocol/parse-input.ts'
import { ArtifactName } from '../../domain/text.ts'
import { ARTIFACT_BYTES_MAX, type ArtifactInfo } from '../../protocol/schemas.ts'
import {
  artifactHeaders,
  isKnownToCaller,
  mediaTypeOf,
  promisedDigest,
  rangeFor,
} from '../artifact-headers.ts'
import { parseByteRange } from '../byte-range.ts'
import type { HubState } from '../context.ts'
import { demandCurrent } from '../current-attempt.ts'
import { demandRoom } from '../disk-floor.ts'
import type { Endpoint } from '../handler.ts'

type Info = z.infer<typeof ArtifactInfo>

export const listArtifacts: Endpoint<'listArtifacts'> =
  (hub) =>
  async ({ params }) => {
    const job = await hub.ledger.job(params.job)
    return { artifacts: (await hub.ledger.artifacts(job.id)).map(infoOf) }
  }

export const getArtifact: Endpoint<'getArtifact'> =
  (hub) =>
  async ({ params, headers, reply }) => {
    const { id } = await hub.ledger.job(params.job)
    const row = await artifactOf(hub, { jobId: id, attempt: params.attempt }, params.name)
    return sendArtifact(hub, row, { headers, reply })
  }

/** For an attempt that goes on where an earlier one of its job stopped. */
export const readKept: Endpoint<'readKept'> =
  (hub) =>
  async ({ params, headers, reply }) => {
    const jobId = params.job
    await demandCurrent(hub.ledger, { jobId, attempt: params.attempt })
    const row = await artifactOf(hub, { jobId, attempt: params.from }, params.name)
    return sendArtifact(hub, row, { headers, reply })
  }

async function artifactOf(hub: HubState, fence: Fence, name: string): Promise<ArtifactRow> {
  const rows = await hub.ledger.artifacts(fence.jobId)
  const row = rows.find((kept) => kept.attempt === fence.attempt && kept.name === name)
  if (row !== undefined) return row
  throw new AppError(
    'artifact-not-found',
    `Attempt ${fence.attempt} of job ${fence.jobId} has no artifact ${name}.`,
  )
}

/** A file that this attempt’s job brings along. */
export const readInput: Endpoint<'readInput'> =
  (hub) =>
  async ({ params, headers, reply }) => {
    const { job: jobId, attempt, name } = params
    await demandCurrent(hub.ledger, { jobId, attempt })
    const input = (await hub.ledger.inputs(jobId)).find((file) => file.name === name)
    if (input === undefined) {
      throw new AppError('artifact-not-found', `Job ${jobId} has no input ${name}.`)
    }
    const row = { ...input, jobId, attempt, mediaType: 'application/octet-stream', createdAt: 0 }
    return sendArtifact(hub, row, { headers, reply })
  }

/** The newest artifact of this name of the job that this attempt’s job goes on from. */
export const readContinued: Endpoint<'readContinued'> =
  (hub) =>
  async ({ params, headers, reply }) => {
    await demandCurrent(hub.ledger, { jobId: params.job, attempt: params.attempt })
    const { retryOf } = await hub.ledger.job(params.job)
    const rows = retryOf === null ? [] : await hub.ledger.artifacts(retryOf)
    const [newest] = rows
      .filter(({ name }) => name === params.name)
      .toSorted((one, other) => other.attempt - one.attempt)
    if (newest === undefined) {
      throw new AppError('artifact-not-found', `The job it continues has no ${params.name}.`)
    }
    return sendArtifact(hub, newest, { headers, reply })
  }

export const putArtifact: Endpoint<'putArtifact'> =
  (hub) =>
  async ({ params, body, headers }) => {
    const fence = { jobId: params.job, attempt: params.attempt }
    await demandCurrent(hub.ledger, fence)
    const stored = await store(hub, body, headers)
    await demandCurrent(hub.ledger, fence)
    return record(hub, { ...fence, name: params.name, mediaType: mediaTypeOf(headers), ...stored })
  }

/** What an ended attempt left on the worker that held it. Changes no state. */
export const salvageArtifact: Endpoint<'salvageArtifact'> =
  (hub) =>
  async ({ params, body, headers, principal }) => {
    const fence = { jobId: params.job, attempt: params.attempt }
    await demandHeld(hub, fence, principal.tokenId)
    const origin = { code: 'request-invalid', where: 'path.name' } as const
    const name = parseInput(ArtifactName, `salvage.${params.name}`, origin)
    const stored = await store(hub, body, headers)
    return record(hub, { ...fence, name, mediaType: mediaTypeOf(headers), ...stored })
  }

async function demandHeld(
  hub: HubState,
  { jobId, attempt }: Fence,
  tokenId: string,
): Promise<void> {
  await hub.ledger.job(jobId)
  const row = await hub.ledger.attempt(jobId, attempt)
  if (row?.heldBy === tokenId) return
  throw new AppError('scope-missing', `This worker never held attempt ${attempt} of job ${jobId}.`)
}

async function store(
  hub: HubState,
  body: Readable,
  headers: IncomingHttpHeaders,
): Promise<{ digest: string; size: number }> {
  await demandRoom(hub.disk)
  if (Number(headers['content-length'] ?? 0) > ARTIFACT_BYTES_MAX) {
    throw new AppError('body-too-large', `An artifact holds at most ${ARTIFACT_BYTES_MAX} bytes.`)
  }
  return hub.artifacts.put(body, {
    expectedDigest: promisedDigest(headers),
    maxBytes: ARTIFACT_BYTES_MAX,
  })
}

async function record(hub: HubState, artifact: Omit<ArtifactRow, 'createdAt'>): Promise<Info> {
  await hub.ledger.addArtifact(artifact)
  return infoOf(await artifactOf(hub, artifact, artifact.name))
}

function infoOf({ jobId: _job, ...info }: ArtifactRow): Info {
  return info
}

async function sendArtifact(
  hub: HubState,
  row: ArtifactRow,
  { headers, reply }: { readonly headers: IncomingHttpHeaders; readonly reply: FastifyReply },
): Promise<Readable> {
  if (isKnownToCaller(headers, row.digest)) {
    void reply.code(304).headers(artifactHeaders(row))
    return Readable.from([])
  }
  const range = parseByteRange(rangeFor(headers, row.digest), row.size)
  if (range === 'outside') {
    void reply.header('content-range', `bytes */${row.size}`)
    throw new AppError('range-invalid', `The artifact is ${row.size} bytes long.`)
  }
  if (range === 'whole') {
    const bytes = await hub.artifacts.open(row.digest)
    void reply.headers({ ...artifactHeaders(row), 'content-length': row.size })
    return bytes
  }
  const bytes = await hub.artifacts.open(row.digest, range)
  void reply.code(206).headers({
    ...artifactHeaders(row),
    'content-length': range.end - range.start + 1,
    'content-range': `bytes ${range.start}-${range.end}/${row.size}`,
  })
  return bytes
}
