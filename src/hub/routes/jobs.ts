import type { IncomingHttpHeaders } from 'node:http'
import { AppError } from '../../domain/errors.ts'
import type { KindSchema } from '../../domain/kind.ts'
import { isTerminal } from '../../domain/state.ts'
import { line } from '../../domain/text.ts'
import { parseInput } from '../../protocol/parse-input.ts'
import type { HubState } from '../context.ts'
import { demandRoom } from '../disk-floor.ts'
import type { Endpoint } from '../handler.ts'
import { checkedCallbacks } from '../callbacks.ts'
import { demandPlaceInQueue } from '../queue-limit.ts'
import { requestDigest } from '../request-digest.ts'

/** Checks a job by its kind and keeps it: 201, or 200 when the same was asked before. */
export const submitJob: Endpoint<'submitJob'> =
  (hub) =>
  async ({ body, headers, reply, principal }) => {
    await demandRoom(hub.disk)
    await demandPlaceInQueue(hub.ledger, hub.limits.queuedJobs)
    const { idempotencyKey: _key, ...asked } = body
    const work = checkWork(kindNamed(hub, body.kind), asked)
    const { job, created } = await hub.ledger.submit({
      ...work,
      callbacks: checkedCallbacks(hub.callbacks, body.callbacks),
      idempotencyKey: idempotencyKey(headers, body.idempotencyKey),
      retryOf: null,
      submitter: principal,
      requestDigest: requestDigest(asked),
    })
    if (!created) void reply.code(200)
    return job
  }

/** A new job from an ended one, with a new prompt or the same. */
export const retryJob: Endpoint<'retryJob'> =
  (hub) =>
  async ({ params, body, headers, reply, principal }) => {
    await demandRoom(hub.disk)
    await demandPlaceInQueue(hub.ledger, hub.limits.queuedJobs)
    const earlier = await hub.ledger.job(params.job)
    if (!isTerminal(earlier.state)) {
      throw new AppError('job-not-terminal', `Job ${earlier.id} is still ${earlier.state}.`)
    }
    const kind = kindNamed(hub, earlier.kind)
    const { priority, labels, locks, limits, retry } = earlier
    const payload =
      body.prompt === undefined ? earlier.payload : kind.followUp(earlier.payload, body.prompt)
    const work = checkWork(kind, { payload, priority, labels, locks, limits, retry })
    const { job, created } = await hub.ledger.submit({
      ...work,
      kind: earlier.kind,
      callbacks: checkedCallbacks(hub.callbacks, await hub.ledger.callbacks(earlier.id)),
      idempotencyKey: idempotencyKey(headers, body.idempotencyKey),
      retryOf: earlier.id,
      submitter: principal,
      requestDigest: requestDigest({ retryOf: earlier.id, prompt: body.prompt }),
    })
    if (!created) void reply.code(200)
    return job
  }

export const getJob: Endpoint<'getJob'> =
  (hub) =>
  async ({ params }) =>
    hub.ledger.job(params.job)

export const listJobs: Endpoint<'listJobs'> =
  (hub) =>
  async ({ query }) => {
    const { state, from, before, cursor, limit, kind, label, text } = query
    const filter = { states: state, kind, label, text, createdFrom: from, createdBefore: before }
    // One more than wanted tells whether there is a next page.
    const jobs = await hub.ledger.jobs({ filter, after: cursor ?? null, limit: limit + 1 })
    const page = jobs.slice(0, limit)
    return { jobs: page, next: jobs.length > limit ? (page.at(-1)?.id ?? null) : null }
  }

export const cancelJob: Endpoint<'cancelJob'> =
  (hub) =>
  async ({ params, principal }) =>
    hub.ledger.requestCancel(params.job, principal.name)

export const resumeJob: Endpoint<'resumeJob'> =
  (hub) =>
  async ({ params, principal }) =>
    hub.ledger.resume(params.job, principal.name)

function kindNamed({ kinds }: HubState, name: string): KindSchema {
  const kind = kinds.get(name)
  if (kind !== undefined) return kind
  const known = [...kinds.keys()].join(', ')
  throw new AppError(
    'kind-unknown',
    `There is no kind ${JSON.stringify(name)}; known are ${known}.`,
  )
}

/**
 * What the kind makes of a submission: its title, its further locks. The payload stays as it was
 * asked for: defaults belong to the worker, which may be of the version before and not know them.
 */
function checkWork<Work extends { payload: unknown; locks: string[] }>(
  kind: KindSchema,
  work: Work,
): Work & { title: string; demands: readonly string[] } {
  const origin = { code: 'payload-invalid', where: 'payload' } as const
  const payload = parseInput(kind.schema, work.payload, origin)
  const locks = [...new Set([...work.locks, ...kind.locks(payload)])]
  return { ...work, locks, title: kind.title(payload), demands: kind.demands(payload) }
}

/** From the header of draft-ietf-httpapi-idempotency-key-header, quoted or not, or from the body. */
function idempotencyKey(
  headers: IncomingHttpHeaders,
  inBody: string | undefined,
): string | undefined {
  const header = headers['idempotency-key']
  if (header === undefined) return inBody
  const key = parseInput(line(255), String(header).replace(/^"(.*)"$/, '$1'), {
    code: 'request-invalid',
    where: 'Idempotency-Key',
  })
  if (inBody === undefined || inBody === key) return key
  throw new AppError('request-invalid', 'Header and body name different idempotency keys.')
}
