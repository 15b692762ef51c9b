import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import type { z } from 'zod'
import type { ArtifactRow } from '../../ledger/port.ts'
import type { ArtifactInfo } from '../../protocol/schemas.ts'
import { mediaTypeOf, promisedDigest } from '../artifact-headers.ts'
import type { Upload } from '../desk/store.ts'
import type { Endpoint } from '../handler.ts'
import { fenceIn } from './fence.ts'
import { sendBytes } from './send-bytes.ts'

const infoOf = ({ jobId: _job, ...info }: ArtifactRow): z.infer<typeof ArtifactInfo> => info

const uploadOf = (bytes: Readable, headers: IncomingHttpHeaders): Upload => ({
  bytes,
  expectedDigest: promisedDigest(headers),
})

export const listArtifacts: Endpoint<'listArtifacts'> =
  (desk) =>
  async ({ params }) => {
    const rows = await desk.listArtifacts(params.job)
    return { body: { artifacts: rows.map(infoOf) } }
  }

export const getArtifact: Endpoint<'getArtifact'> =
  (desk) =>
  async ({ params, headers }) => {
    const address = { ...fenceIn(params), name: params.name }
    return sendBytes(desk, await desk.findArtifact(address), headers)
  }

export const putArtifact: Endpoint<'putArtifact'> =
  (desk) =>
  async ({ params, body, headers }) => {
    const address = { ...fenceIn(params), name: params.name, mediaType: mediaTypeOf(headers) }
    return { body: infoOf(await desk.putArtifact(address, uploadOf(body, headers))) }
  }

export const salvageArtifact: Endpoint<'salvageArtifact'> =
  (desk) =>
  async ({ params, body, headers, principal }) => {
    const address = { ...fenceIn(params), name: params.name, mediaType: mediaTypeOf(headers) }
    const upload = uploadOf(body, headers)
    return { body: infoOf(await desk.salvageArtifact(address, upload, principal)) }
  }

export const salvageWork: Endpoint<'salvageWork'> =
  (desk) =>
  async ({ params, body, principal }) => {
    await desk.salvageWork(fenceIn(params), body, principal)
    return { body: null }
  }

export const readInput: Endpoint<'readInput'> =
  (desk) =>
  async ({ params, headers }) => {
    const input = await desk.findInput(fenceIn(params), params.name)
    return sendBytes(desk, { ...input, mediaType: 'application/octet-stream' }, headers)
  }

export const readKept: Endpoint<'readKept'> =
  (desk) =>
  async ({ params, headers }) =>
    sendBytes(desk, await desk.findKept(fenceIn(params), params), headers)

export const readContinued: Endpoint<'readContinued'> =
  (desk) =>
  async ({ params, headers }) =>
    sendBytes(desk, await desk.findContinued(fenceIn(params), params.name), headers)
