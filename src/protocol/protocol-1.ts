import { z } from 'zod'
import { SALVAGE } from '../domain/attempt.ts'
import { type Publication, PublicationIntent, PublicationOrNone } from '../domain/publication.ts'
import { Continuation } from '../domain/work.ts'
import type { RouteName } from './routes.ts'

/*
 * Responses in the format of protocol 1. Workers of that protocol reject unknown keys, so each schema
 * lists exactly the keys that they accept, and drops all others.
 */

/**
 * A schema that keeps only some members of an object, whatever their values. `members` contains the
 * names of these members, separated by whitespace.
 */
const only = (members: string) =>
  z.object(Object.fromEntries(members.split(/\s+/).map((name) => [name, z.unknown()])))

/**
 * A branch publication in the format of protocol 1. It has no object `details`: the repository and
 * the branch are members of the publication itself.
 */
const branchOf = ({ kind, revision, details = {} }: Publication) => ({
  kind,
  repository: details['repository'],
  branch: details['branch'],
  commit: revision,
})

const OldPublication = PublicationOrNone.transform((publication) =>
  publication?.kind === 'branch' ? branchOf(publication) : null,
)

/**
 * An intent in the format of protocol 1. It is always for a branch, because workers of protocol 1 get
 * no jobs that publish anything else.
 */
const OldIntent = PublicationIntent.transform((intent) => ({
  ...branchOf(intent),
  replaces: intent.details?.['replaces'] ?? null,
}))

/** Names that the artifact with a change's patch can have. */
const PATCHES: ReadonlySet<string> = new Set(['change.patch', `${SALVAGE}change.patch`])

/**
 * A continuation in the format of protocol 1. Workers of protocol 1 ignore the patch if there is a
 * publication. Therefore, if a later job left a change that it did not publish, the hub leaves the
 * publication out.
 */
const OldContinuation = z
  .object({
    jobId: z.unknown(),
    session: z.unknown(),
    artifacts: Continuation.shape.artifacts,
    publication: OldPublication,
  })
  .transform(({ artifacts, publication, ...job }) => ({
    ...job,
    artifacts: artifacts.map(({ name, digest, size }) => ({ name, digest, size })),
    publication: artifacts.some(isUnpublishedChange) ? null : publication,
  }))

const isUnpublishedChange = ({ name, published }: Continuation['artifacts'][number]): boolean =>
  PATCHES.has(name) && published === false

const OldLimits = only('wallMs idleMs outputBytes steps pausedLocksMs')
const OldArtifact = only('attempt name digest size mediaType createdAt')

const OldLease = only('attempt token leaseMs').extend({
  job: only('id kind title payload locks').extend({ limits: OldLimits }),
  checkpoints: z.array(only('step product')),
  intents: z.array(OldIntent),
  continues: OldContinuation.nullable(),
})

/**
 * In protocol 1, a job that succeeded without publishing anything has a publication of the kind
 * `none`.
 */
const OldJob = only(
  `id kind title payload state reason detail priority labels locks attempt failures step worker
  sandbox leaseUntil notBefore parkedOn cancelRequestedAt resumeAt summary usage retryOf createdAt
  startedAt endedAt`,
)
  .extend({
    limits: OldLimits,
    retry: only('maxFailures delayMs factor capMs'),
    publication: OldPublication,
  })
  .transform((job) =>
    job['state'] === 'succeeded' && job.publication === null
      ? { ...job, publication: { kind: 'none' } }
      : job,
  )

const ANSWERS: Partial<Record<RouteName, z.ZodType>> = {
  claimLease: OldLease.nullable(),
  renewLease: only('leaseMs cancelRequested'),
  settleLease: OldJob,
  pauseLease: OldJob,
  handBackLease: OldJob,
  putArtifact: OldArtifact,
  salvageArtifact: OldArtifact,
}

/** Converts a route's response body to the protocol of the caller. */
export function answerFor(protocol: number, name: RouteName, answer: unknown): unknown {
  const inProtocol1 = protocol === 1 ? ANSWERS[name] : undefined
  return inProtocol1 === undefined ? answer : inProtocol1.parse(answer)
}
