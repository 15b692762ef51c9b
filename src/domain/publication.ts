import { z } from 'zod'
import { Name } from './text.ts'

/** Longest target in characters, such as a repository's address with a branch. */
const TARGET_MAX = 4096

/** Most members of a publication's details, and most bytes of UTF-8 as JSON. */
const DETAILS_MAX = { members: 64, bytes: 16_384 }

const Details = z
  .record(z.string().max(64), z.json())
  .refine(
    (details) => Object.keys(details).length <= DETAILS_MAX.members,
    `may have at most ${DETAILS_MAX.members} members`,
  )
  .refine(
    (details) => new TextEncoder().encode(JSON.stringify(details)).length <= DETAILS_MAX.bytes,
    `may have at most ${DETAILS_MAX.bytes} bytes as JSON`,
  )

const Shape = {
  kind: Name.describe('The publisher that made it, such as branch'),
  target: z
    .string()
    .min(1)
    .max(TARGET_MAX)
    .describe('Where it was published, as an unambiguous name'),
  revision: z
    .string()
    .min(1)
    .max(256)
    .describe('The published state of the target, such as a commit'),
  url: z.string().max(2048).optional().describe('Where a person can see it'),
  details: Details.optional().describe(
    'For the publisher only, which validates them when it reads them',
  ),
}

/**
 * Where the work was published. Kind, target and revision are enough to compare two publications;
 * only the publisher of this kind reads the details. Also accepts the form that protocol 1 used for
 * a branch.
 */
export const Publication = z.preprocess(fromProtocol1, z.strictObject(Shape))
export type Publication = z.infer<typeof Publication>

/**
 * What an attempt records before it publishes. A later attempt compares it with the target, and so
 * finds out whether the publication happened. Its own schema, because an intent in a response is
 * read strictly and a publication is not (`protocol/read-answer.ts`).
 */
export const PublicationIntent = z.preprocess(fromProtocol1, z.strictObject(Shape))
export type PublicationIntent = z.infer<typeof PublicationIntent>

/** A publication, or null for none, which protocol 1 wrote as the kind `none`. */
export const PublicationOrNone = z.preprocess(
  (value) => (isRecord(value) && value['kind'] === 'none' ? null : value),
  Publication.nullable(),
)

/** The target of a publication to a branch. */
export const branchTarget = (repository: string, branch: string): string =>
  `${repository}#${branch}`

/**
 * Converts the form of protocol 1, which may still be stored: it had branches only, and their parts
 * were members of the publication itself.
 */
function fromProtocol1(value: unknown): unknown {
  if (!isRecord(value) || value['kind'] !== 'branch' || 'target' in value) return value
  const { kind, repository, branch, commit, ...rest } = value
  const target = branchTarget(String(repository), String(branch))
  return { kind, target, revision: commit, details: { repository, branch, ...rest } }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
