import { z } from 'zod'
import { Name } from './text.ts'

/** Maximum length of a target, such as a repository's URL with a branch, in characters. */
const TARGET_MAX = 4096

/** Limits of a publication's details: the number of members, and the size as JSON in bytes of UTF-8. */
const DETAILS_MAX = { members: 64, bytes: 16_384 }

const Details = z
  .record(z.string().max(64), z.json())
  .refine(
    (details) => Object.keys(details).length <= DETAILS_MAX.members,
    `must have at most ${DETAILS_MAX.members} members`,
  )
  .refine(
    (details) => new TextEncoder().encode(JSON.stringify(details)).length <= DETAILS_MAX.bytes,
    `must have at most ${DETAILS_MAX.bytes} bytes as JSON`,
  )

const Shape = {
  kind: Name.describe('Name of the publisher that made this publication, for example `branch`'),
  target: z
    .string()
    .min(1)
    .max(TARGET_MAX)
    .describe('An unambiguous name of the place where the work was published'),
  revision: z
    .string()
    .min(1)
    .max(256)
    .describe('The published state of the target, such as a commit'),
  url: z.string().max(2048).optional().describe('A page where a person can see the published work'),
  details: Details.optional().describe('Data that only the publisher reads and validates'),
}

/**
 * Where the work was published. Two publications are equal if their kind, target and revision are
 * equal. The details do not matter, because only the publisher reads them. Also accepts the format that
 * protocol 1 used for a branch.
 */
export const Publication = z.preprocess(fromProtocol1, z.strictObject(Shape))
export type Publication = z.infer<typeof Publication>

/**
 * What an attempt records before it publishes. A later attempt compares the intent with the target to
 * find out whether the publication happened. The schema is separate from `Publication`, because intents
 * in a response are validated strictly and publications are not (`protocol/read-answer.ts`).
 */
export const PublicationIntent = z.preprocess(fromProtocol1, z.strictObject(Shape))
export type PublicationIntent = z.infer<typeof PublicationIntent>

/**
 * A publication, or null if there is none. Also accepts a publication of the kind `none`, with
 * which protocol 1 said that there is none, and converts it to null.
 */
export const PublicationOrNone = z.preprocess(
  (value) => (isRecord(value) && value['kind'] === 'none' ? null : value),
  Publication.nullable(),
)

/** The target of a publication to a branch. */
export const branchTarget = (repository: string, branch: string): string =>
  `${repository}#${branch}`

/**
 * Converts the format of protocol 1, which old databases may still contain. Protocol 1 supported
 * only branches, and had `repository`, `branch` and `commit` as members of the publication itself.
 */
function fromProtocol1(value: unknown): unknown {
  if (!isRecord(value) || value['kind'] !== 'branch' || 'target' in value) return value
  const { kind, repository, branch, commit, ...rest } = value
  const target = branchTarget(String(repository), String(branch))
  return { kind, target, revision: commit, details: { repository, branch, ...rest } }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
