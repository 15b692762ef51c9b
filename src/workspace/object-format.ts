/** The hash that names a repository's objects. All objects of a repository use the same one. */
export type ObjectFormat = 'sha1' | 'sha256'

const HEX_DIGITS = { sha1: 40, sha256: 64 } as const satisfies Record<ObjectFormat, number>

/** Matches a full object id. */
export const OBJECT_ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/

/** Whether a text is a full object id. A branch or a tag may have the same name. */
export const isObjectId = (text: string): boolean => OBJECT_ID.test(text)

/** The format of the repository in which an object has this id. */
export const formatOf = (objectId: string): ObjectFormat =>
  objectId.length === HEX_DIGITS.sha256 ? 'sha256' : 'sha1'

/** The all-zero id, with which git says "no object", in the format of the given id. */
export const noObject = (objectId: string): string => '0'.repeat(HEX_DIGITS[formatOf(objectId)])
