import { Limits } from '../../src/domain/limits.ts'
import { JobId } from '../../src/domain/id.ts'

/** The time of everything in the old ledger, in milliseconds since the epoch. */
export const AT = 1_790_000_000_000

const REPOSITORY = 'https://git.example/a'
const COMMIT = 'a'.repeat(40)

/** A publication as protocol 1 wrote it, and as it is read now. */
const OLD_PUBLICATION = {
  kind: 'branch',
  repository: REPOSITORY,
  branch: 'fix',
  commit: COMMIT,
}
export const PUBLICATION = {
  kind: 'branch',
  target: `${REPOSITORY}#fix`,
  revision: COMMIT,
  details: { repository: REPOSITORY, branch: 'fix' },
}
const OLD_INTENT = { ...OLD_PUBLICATION, replaces: null }
export const INTENT = { ...PUBLICATION, details: { ...PUBLICATION.details, replaces: null } }

/** The retry policy that version 4 stored for a submission without one. */
export const RETRY = { maxFailures: 3, delayMs: 10_000, factor: 2, capMs: 600_000 }

/** The submission of the queued job, and the request digest that version 4 stored for it. */
export const SUBMISSION = {
  kind: 'code',
  payload: { repository: REPOSITORY, prompt: 'fix it', agent: { name: 'codex' } },
  labels: ['gpu'],
  idempotencyKey: 'nightly',
}
const SUBMISSION_DIGEST = '1f79b0f3d6f87032300c8505d38bf297795174badd9475c50de6ede4d60b159a'

const anId = (digit: string): JobId => JobId.parse(`${digit.repeat(8)}-0000-7000-8000-000000000000`)

/** Ids of four jobs; later jobs have smaller ids. */
export const PUBLISHED = anId('f')
export const UNPUBLISHED = anId('e')
export const RUNNING = anId('d')
export const QUEUED = anId('c')

/** The rows that version 4 would have written for them, on either engine. */
export function rowsOfVersion4(): readonly string[] {
  return [
    ...aJob(PUBLISHED, { state: 'succeeded', reason: 'published', publication: OLD_PUBLICATION }),
    ...aJob(UNPUBLISHED, {
      state: 'succeeded',
      reason: 'no-change',
      publication: { kind: 'none' },
    }),
    ...aJob(RUNNING, { state: 'running', reason: null, publication: null }),
    ...aJob(QUEUED, { state: 'queued', reason: null, publication: null }),
    `INSERT INTO token (id, hash, name, scopes, created_at)
      VALUES ('t-1', 'h-1', 'ci', '["worker"]', ${AT})`,
  ]
}

type Was = {
  readonly state: 'succeeded' | 'running' | 'queued'
  readonly reason: 'published' | 'no-change' | null
  readonly publication: object | null
}

function aJob(id: JobId, { state, reason, publication }: Was): readonly string[] {
  const attempt = state === 'queued' ? 0 : 1
  const endedAt = state === 'succeeded' ? AT : null
  const settlement = { kind: 'succeeded', reason, detail: '', publication }
  const [key, digest] =
    id === QUEUED ? [SUBMISSION.idempotencyKey, SUBMISSION_DIGEST] : [null, 'digest']
  const told = [
    { type: 'submitted', retryOf: null },
    { type: 'claimed', worker: 'w', bootId: 'b', sandbox: 'none', leaseUntil: AT },
    { type: 'publication-intended', intent: OLD_INTENT },
    { type: 'published', publication: OLD_PUBLICATION },
    { type: 'ended', settlement, failures: 0 },
  ].slice(0, { queued: 1, running: 3, succeeded: 5 }[state])
  return [
    `INSERT INTO job (id, kind, title, search, priority, labels, locks, lane, limits, retry,
        idempotency_key, request_digest, state, reason, attempt, publication, created_at, ended_at)
      VALUES (${text(id)}, 'code', 'Fix it', 'fix it', 0, '["gpu"]', '[]', 'code gpu',
        ${json(Limits.parse({}))}, ${json(RETRY)}, ${text(key)}, ${text(digest)}, ${text(state)},
        ${text(reason)}, ${attempt}, ${publication === null ? 'NULL' : json(publication)}, ${AT}, ${endedAt})`,
    `INSERT INTO payload (job_id, payload) VALUES (${text(id)}, '{}')`,
    ...told.map(
      (event, index) => `INSERT INTO event (job_id, seq, at, attempt, type, body)
        VALUES (${text(id)}, ${index + 1}, ${AT}, ${index === 0 ? null : 1}, ${text(event.type)},
          ${json(event)})`,
    ),
    ...(attempt === 0 ? [] : [anAttempt(id, endedAt, endedAt === null ? null : settlement)]),
    ...(endedAt === null ? [] : [aDelivery(id)]),
  ]
}

const anAttempt = (id: JobId, endedAt: number | null, outcome: object | null): string => `
  INSERT INTO attempt (job_id, attempt, worker_id, worker, boot_id, sandbox, held_by, token_hash,
      lease_ms, lease_until, claimed_at, renewed_at, ended_at, outcome, told)
    VALUES (${text(id)}, 1, 'w', 'w', 'b', 'none', 't-1', 'hash', 86400000, ${AT + 86_400_000},
      ${AT}, ${AT}, ${endedAt}, ${outcome === null ? 'NULL' : json(outcome)},
      ${endedAt === null ? 0 : 1})`

const aDelivery = (id: JobId): string => `
  INSERT INTO delivery (id, job_id, seq, event, url, host, body, state, tries, next_at, created_at)
    VALUES ('msg_${id.replaceAll('-', '')}_00000005_1', ${text(id)}, 5, 'ended',
      'https://hooks.example/', 'hooks.example', '{}', 'pending', 0, ${AT}, ${AT})`

const text = (value: string | null): string => (value === null ? 'NULL' : `'${value}'`)
const json = (value: object): string => text(JSON.stringify(value))
