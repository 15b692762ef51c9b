import { z } from 'zod'
import { Name } from './text.ts'

/** Longest target, such as a repository's address with a branch. */
const TARGET_MAX = 4096

/** Members that the details of a publication may have, and their bytes as JSON. */
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
  kind: Name.describe('Which publisher made it: branch, …'),
  target: z.string().min(1).max(TARGET_MAX).describe('What was published to, by a name of its own'),
  revision: z.string().min(1).max(256).describe('What the target holds now, such as a commit'),
  url: z.string().max(2048).optional().describe('Where a person can look at it'),
  details: Details.optional().describe(
    'For the publisher alone, which checks them when it reads them',
  ),
}

/**
 * Where the work went. Kind, target and revision say enough to compare two publications; nothing
 * but the publisher of this kind looks into the details. The shape that protocol 1 used for a
 * branch is read, too.
 */
export const Publication = z.preprocess(fromProtocol1, z.strictObject(Shape))
export type Publication = z.infer<typeof Publication>

/**
 * What an attempt records before it publishes, so that a later one can find out whether the
 * publication happened: the target's revision is then the intended one. A schema of its own, because
 * an intent in an answer is read strictly and a publication is not (`protocol/read-answer.ts`).
 */
export const PublicationIntent = z.preprocess(fromProtocol1, z.strictObject(Shape))
export type PublicationIntent = z.infer<typeof PublicationIntent>

/** A publication, or null for none, which protocol 1 wrote as a kind of its own. */
export const PublicationOrNone = z.preprocess(
  (value) => (isRecord(value) && value['kind'] === 'none' ? null : value),
  Publication.nullable(),
)

/** Names a branch of a repository as the target of a publication. */
export const branchTarget = (repository: string, branch: string): string =>
  `${repository}#${branch}`

/**
 * Protocol 1, whose rows and reports may still be stored, knew branches alone and wrote their parts
 * side by side.
 */
function fromProtocol1(value: unknown): unknown {
  if (!isRecord(value) || value['kind'] !== 'branch' || 'target' in value) return value
  const { kind, repository, branch, commit, ...rest } = value
  const target = branchTarget(String(repository), String(branch))
  return { kind, target, revision: commit, details: { repository, branch, ...rest } }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
