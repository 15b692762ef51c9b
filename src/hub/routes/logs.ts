import type { Endpoint } from '../handler.ts'
import { fenceIn } from './fence.ts'

export const writeLog: Endpoint<'writeLog'> =
  (desk) =>
  async ({ params, body }) => {
    const { stream, offset } = params
    await desk.writeLog({ ...fenceIn(params), stream }, offset, body)
    return { body: null }
  }

export const readLog: Endpoint<'readLog'> =
  (desk) =>
  async ({ params: { job: jobId, stream }, query, gone }) => {
    const { attempt, bytes, ended } = await desk.readLog({ ...query, jobId, stream }, gone())
    const headers = {
      'content-type': 'application/octet-stream',
      'millwright-attempt': attempt,
      'millwright-next-offset': query.offset + bytes.length,
      ...(ended ? { 'millwright-log-end': 'true' } : {}),
    }
    return { body: bytes, headers }
  }
