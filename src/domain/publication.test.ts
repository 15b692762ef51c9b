import { describe, expect, it } from 'vitest'
import { Publication, PublicationIntent } from './publication.ts'

const BRANCH = { kind: 'branch', target: 'r#b', revision: 'a' }
const membersOf = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [String(index), index]))
/** Details of this many bytes as JSON; each é takes two. */
const detailsOf = (bytes: number) => ({ a: 'é'.repeat((bytes - 8) / 2) })

describe.each([
  ['a publication', Publication],
  ['an intent', PublicationIntent],
])('the details of %s', (_, schema) => {
  const takes = (details: object) => schema.safeParse({ ...BRANCH, details }).success

  it('have at most 64 members', () => {
    expect([takes(membersOf(64)), takes(membersOf(65))]).toEqual([true, false])
  })

  it('have at most 16384 bytes as JSON, not characters', () => {
    expect([takes(detailsOf(16_384)), takes(detailsOf(16_386))]).toEqual([true, false])
  })
})
