import type { Job } from '../domain/job.ts'
import type { Lease, Renewal } from '../domain/lease.ts'
import type { Publication, PublicationIntent } from '../domain/publication.ts'
import type { RouteName } from './routes.ts'
import type { ArtifactInfo } from './schemas.ts'

/**
 * Answers as workers of protocol 1 know them. They refuse every key they do not know, so each answer
 * is made of exactly the keys that there were; a key that is added later never reaches them.
 */
const ANSWERS: Partial<Record<RouteName, (answer: never) => unknown>> = {
  claimLease: (lease: Lease | null) => (lease === null ? null : leaseOf(lease)),
  renewLease: ({ leaseMs, cancelRequested }: Renewal) => ({ leaseMs, cancelRequested }),
  settleLease: jobOf,
  pauseLease: jobOf,
  handBackLease: jobOf,
  putArtifact: artifactOf,
  salvageArtifact: artifactOf,
}

/** The answer of a route in the shape that the asker’s protocol has for it. */
export function answerFor(protocol: number, name: RouteName, answer: unknown): unknown {
  const inProtocol1 = protocol === 1 ? ANSWERS[name] : undefined
  // Each one takes what its own route answers; the route table’s types prove what that is.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return inProtocol1 === undefined ? answer : inProtocol1(answer as never)
}

function leaseOf({ job, attempt, token, leaseMs, checkpoints, intents, continues }: Lease) {
  const { id, kind, title, payload, locks } = job
  return {
    job: { id, kind, title, payload, limits: limitsOf(job.limits), locks },
    attempt,
    token,
    leaseMs,
    checkpoints: checkpoints.map(({ step, product }) => ({ step, product })),
    intents: intents.map(intentOf),
    continues:
      continues === null
        ? null
        : {
            jobId: continues.jobId,
            session: continues.session,
            artifacts: continues.artifacts.map(({ name, digest, size }) => ({
              name,
              digest,
              size,
            })),
            publication: publicationOf(continues.publication),
          },
  }
}

function jobOf(job: Job) {
  const { maxFailures, delayMs, factor, capMs } = job.retry
  return {
    id: job.id,
    kind: job.kind,
    title: job.title,
    payload: job.payload,
    state: job.state,
    reason: job.reason,
    detail: job.detail,
    priority: job.priority,
    labels: job.labels,
    locks: job.locks,
    limits: limitsOf(job.limits),
    retry: { maxFailures, delayMs, factor, capMs },
    attempt: job.attempt,
    failures: job.failures,
    step: job.step,
    worker: job.worker,
    sandbox: job.sandbox,
    leaseUntil: job.leaseUntil,
    notBefore: job.notBefore,
    parkedOn: job.parkedOn,
    cancelRequestedAt: job.cancelRequestedAt,
    resumeAt: job.resumeAt,
    publication:
      job.state === 'succeeded' ? endOf(job.publication) : publicationOf(job.publication),
    summary: job.summary,
    usage: job.usage,
    retryOf: job.retryOf,
    createdAt: job.createdAt,
    startedAt: job.startedAt,
    endedAt: job.endedAt,
  }
}

const limitsOf = ({ wallMs, idleMs, outputBytes, steps, pausedLocksMs }: Job['limits']) => ({
  wallMs,
  idleMs,
  outputBytes,
  steps,
  pausedLocksMs,
})

function artifactOf({ attempt, name, digest, size, mediaType, createdAt }: ArtifactInfo) {
  return { attempt, name, digest, size, mediaType, createdAt }
}

/** Where the parts of a branch stood before they became details of its publication. */
const branchOf = ({ kind, revision, details = {} }: Publication) => ({
  kind,
  repository: details['repository'],
  branch: details['branch'],
  commit: revision,
})

/** Protocol 1 can publish branches alone, and gets no job whose attempts could publish otherwise. */
const intentOf = (intent: PublicationIntent) => ({
  ...branchOf(intent),
  replaces: intent.details?.['replaces'] ?? null,
})

const publicationOf = (publication: Publication | null) =>
  publication?.kind === 'branch' ? branchOf(publication) : null

/** A job that ended well without a publication said so by a kind of its own. */
const endOf = (publication: Publication | null) => publicationOf(publication) ?? { kind: 'none' }
