/**
 * The hash function that names a repository's objects. All objects of a repository use the same
 * function.
 */
export type ObjectFormat = 'sha1' | 'sha256'

const HEX_DIGITS = { sha1: 40, sha256: 64 } as const satisfies Record<ObjectFormat, number>

/** Matches a full object id. */
export const OBJECT_ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/

/**
 * Whether a string has the form of a full object id. It could still be the name of a branch or tag.
 */
export const isObjectId = (text: string): boolean => OBJECT_ID.test(text)

/** The object format of a repository whose objects have ids like this one. */
export const formatOf = (objectId: string): ObjectFormat =>
  objectId.length === HEX_DIGITS.sha256 ? 'sha256' : 'sha1'

/** The all-zero id, which stands for "no object" in git, in the format of the given id. */
export const noObject = (objectId: string): string => '0'.repeat(HEX_DIGITS[formatOf(objectId)])
