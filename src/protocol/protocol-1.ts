import { z } from 'zod'
import { type Publication, PublicationIntent, PublicationOrNone } from '../domain/publication.ts'
import type { RouteName } from './routes.ts'

/*
 * Answers as workers of protocol 1 know them. They refuse every key they do not know, so each shape
 * lists exactly the keys that there were; a key that is added later never reaches them.
 */

/** An object of these members alone, whatever they hold. */
const only = (members: string) =>
  z.object(Object.fromEntries(members.split(/\s+/).map((name) => [name, z.unknown()])))

/** Where the parts of a branch stood before they became details of its publication. */
const branchOf = ({ kind, revision, details = {} }: Publication) => ({
  kind,
  repository: details['repository'],
  branch: details['branch'],
  commit: revision,
})

const OldPublication = PublicationOrNone.transform((publication) =>
  publication?.kind === 'branch' ? branchOf(publication) : null,
)

/** Protocol 1 can publish branches alone, and gets no job whose attempts could publish otherwise. */
const OldIntent = PublicationIntent.transform((intent) => ({
  ...branchOf(intent),
  replaces: intent.details?.['replaces'] ?? null,
}))

const OldLimits = only('wallMs idleMs outputBytes steps pausedLocksMs')
const OldArtifact = only('attempt name digest size mediaType createdAt')

const OldLease = only('attempt token leaseMs').extend({
  job: only('id kind title payload locks').extend({ limits: OldLimits }),
  checkpoints: z.array(only('step product')),
  intents: z.array(OldIntent),
  continues: only('jobId session')
    .extend({ artifacts: z.array(only('name digest size')), publication: OldPublication })
    .nullable(),
})

/** A job that ended well without a publication said so by a kind of its own. */
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

/** The answer of a route in the shape that the asker’s protocol has for it. */
export function answerFor(protocol: number, name: RouteName, answer: unknown): unknown {
  const inProtocol1 = protocol === 1 ? ANSWERS[name] : undefined
  return inProtocol1 === undefined ? answer : inProtocol1.parse(answer)
}
