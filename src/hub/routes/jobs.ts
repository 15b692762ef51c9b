import type { IncomingHttpHeaders } from 'node:http'
import { AppError } from '../../domain/errors.ts'
import { line } from '../../domain/text.ts'
import { parseInput } from '../../protocol/parse-input.ts'
import type { Submitted } from '../desk/submit.ts'
import type { Endpoint, RouteReply } from '../handler.ts'

export const submitJob: Endpoint<'submitJob'> =
  (desk) =>
  async ({ body, headers, principal }) => {
    const idempotencyKey = keyOf(headers, body.idempotencyKey)
    return made(await desk.submit({ ...body, idempotencyKey }, principal))
  }

export const retryJob: Endpoint<'retryJob'> =
  (desk) =>
  async ({ params, body, headers, principal }) => {
    const idempotencyKey = keyOf(headers, body.idempotencyKey)
    return made(await desk.retry(params.job, { ...body, idempotencyKey }, principal))
  }

/**
 * Responds with 201, or with 200 if an earlier request with the same idempotency key created the
 * job.
 */
const made = ({ job, created }: Submitted): RouteReply<Submitted['job']> =>
  created ? { body: job } : { body: job, status: 200 }

export const getJob: Endpoint<'getJob'> =
  (desk) =>
  async ({ params }) => ({ body: await desk.readJob(params.job) })

export const listJobs: Endpoint<'listJobs'> =
  (desk) =>
  async ({ query }) => {
    const { state, from, before, cursor, limit, ...rest } = query
    const filter = { ...rest, states: state, createdFrom: from, createdBefore: before }
    const { items, next } = await desk.listJobs({ filter, after: cursor ?? null, limit })
    return { body: { jobs: [...items], next } }
  }

export const groupTotals: Endpoint<'groupTotals'> =
  (desk) =>
  async ({ query }) => ({ body: await desk.groupTotals(query.group) })

export const readUsage: Endpoint<'readUsage'> =
  (desk) =>
  async ({ query }) => ({ body: await desk.readUsage(query) })

export const listInputs: Endpoint<'listInputs'> =
  (desk) =>
  async ({ params }) => ({ body: { inputs: [...(await desk.listInputs(params.job))] } })

export const cancelJob: Endpoint<'cancelJob'> =
  (desk) =>
  async ({ params, principal }) => ({ body: await desk.cancelJob(params.job, principal) })

export const resumeJob: Endpoint<'resumeJob'> =
  (desk) =>
  async ({ params, principal }) => ({ body: await desk.resumeJob(params.job, principal) })

export const extendHold: Endpoint<'extendHold'> =
  (desk) =>
  async ({ params, body, principal }) => ({
    body: await desk.extendHold(params.job, body.until, principal),
  })

/**
 * Returns the idempotency key from the body or from the Idempotency-Key header
 * (draft-ietf-httpapi-idempotency-key-header). Throws `request-invalid` if both are present and
 * differ.
 */
function keyOf(headers: IncomingHttpHeaders, inBody: string | undefined): string | undefined {
  const header = headers['idempotency-key']
  if (header === undefined) return inBody
  const key = parseInput(line(255), String(header).replace(/^"(.*)"$/, '$1'), {
    code: 'request-invalid',
    where: 'Idempotency-Key',
  })
  if (inBody === undefined || inBody === key) return key
  throw new AppError(
    'request-invalid',
    'The Idempotency-Key header and the body’s idempotencyKey differ; send only one of them.',
  )
}
