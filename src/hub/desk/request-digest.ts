import { createHash } from 'node:crypto'

/** Hex SHA-256 that is equal for equal requests. The order of keys in a request does not affect it. */
export const requestDigest = (asked: unknown): string =>
  createHash('sha256').update(canonicalJson(asked)).digest('hex')

/**
 * JSON with sorted keys and without undefined members. The depth of the recursion is limited,
 * because `refuseOddJson` has rejected deeply nested requests.
 */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`)
  return `{${members.join(',')}}`
}
