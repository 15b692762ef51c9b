import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LANE_BYTES_MAX, laneOf, permits, serves } from './lane.ts'
import { Name } from './text.ts'

const BARE = { kinds: ['code'], labels: [], offers: [] }
const LANE = laneOf({
  kind: 'code',
  labels: ['mac', 'gpu'],
  demands: ['repo:https://git.example/acme/app', 'agent:codex'],
})

const name = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,8}$/)
const demand = fc.stringMatching(/^[a-z][a-z0-9-]{0,5}:[a-z0-9/:._-]{1,12}$/)
const asked = fc.record({
  kind: name,
  labels: fc.uniqueArray(name, { maxLength: 4 }),
  demands: fc.uniqueArray(demand, { maxLength: 4 }),
})

/** Four demands, each with this character repeated. */
const fill = (character: string, count: number) => ({
  kind: 'code',
  labels: [],
  demands: Array.from({ length: 4 }, (_, n) => `t:${n}${character.repeat(count)}`),
})

describe('a lane', () => {
  it('names kind, labels and demands, each once and in one order', () => {
    expect(LANE).toBe('code gpu mac agent:codex repo:https://git.example/acme/app')
    const labels = ['gpu', 'mac', 'gpu']
    const demands = ['agent:codex', 'repo:https://git.example/acme/app', 'agent:codex']
    expect(laneOf({ kind: 'code', labels, demands })).toBe(LANE)
    expect(laneOf({ kind: 'code', labels: [], demands: [] })).toBe('code')
  })

  it('is served by exactly the workers that offer all of it', () => {
    fc.assert(
      fc.property(asked, ({ kind, labels, demands }) => {
        const lane = laneOf({ kind, labels, demands })
        const able = { kinds: [kind, 'other'], labels, offers: demands }
        expect(serves(able, lane)).toBe(true)
        expect(serves({ ...able, kinds: ['no kind'] }, lane)).toBe(false)
        for (const label of labels) {
          expect(serves({ ...able, labels: labels.filter((one) => one !== label) }, lane)).toBe(
            false,
          )
        }
        for (const one of demands) {
          expect(serves({ ...able, offers: demands.filter((other) => other !== one) }, lane)).toBe(
            false,
          )
          expect(serves({ ...able, offers: [...demands, one.slice(0, -1)] }, lane)).toBe(true)
        }
      }),
    )
  })

  it('is served by offers that stand for many demands', () => {
    const able = { ...BARE, labels: ['gpu', 'mac'] }
    const offer = (...offers: string[]) => serves({ ...able, offers }, LANE)
    expect(offer('agent:*', 'repo:https://git.example/acme/*')).toBe(true)
    expect(offer('agent:codex', 'repo:*')).toBe(true)
    expect(offer('agent:codex*', 'repo:https://git.example/acme/app')).toBe(true)
    expect(offer('agent:cod', 'repo:*')).toBe(false)
    expect(offer('agent:*')).toBe(false)
    expect(offer('agent:*', 'repo:https://git.example/other/*')).toBe(false)
  })

  it('has a label that names the machine, which an offer serves and no label', () => {
    const lane = laneOf({ kind: 'code', labels: ['gpu', 'os:linux'], demands: [] })
    expect(serves({ ...BARE, labels: ['gpu'], offers: ['os:linux'] }, lane)).toBe(true)
    expect(serves({ ...BARE, labels: ['gpu'], offers: ['os:darwin'] }, lane)).toBe(false)
    expect(serves({ ...BARE, labels: ['gpu', 'os:linux'] }, lane)).toBe(false)
  })

  it('has no demand that is served by a label, and no label by an offer', () => {
    const lane = laneOf({ kind: 'code', labels: ['gpu'], demands: ['agent:codex'] })
    expect(serves({ ...BARE, labels: ['gpu', 'agent:codex'] }, lane)).toBe(false)
    expect(serves({ ...BARE, offers: ['gpu', 'agent:codex'] }, lane)).toBe(false)
  })

  it('is refused when it is too long in bytes, or when a demand is invalid', () => {
    const longest = fill('x', (LANE_BYTES_MAX - 'code'.length) / 4 - ' t:0'.length)
    expect(laneOf(longest)).toHaveLength(LANE_BYTES_MAX)
    expect(() => laneOf({ ...longest, labels: ['a'] })).toThrow(/have 1102 bytes/)
    expect(() => laneOf(fill('漢', 100))).toThrow(/bytes in total; the maximum is 1100/)
    expect(() => laneOf({ kind: 'code', labels: [], demands: ['a:b', 'no'] })).toThrow(
      /demand "no" is invalid:/,
    )
    const many = Array.from({ length: 17 }, (_, n) => `t:${n}`)
    expect(() => laneOf({ kind: 'code', labels: [], demands: many })).toThrow(/17 demands/)
  })

  it('can be as long as all labels that a job may have', () => {
    const labels = Array.from({ length: 16 }, (_, n) => `${n}`.padEnd(63, 'x'))
    expect(labels.every((label) => Name.safeParse(label).success)).toBe(true)
    expect(laneOf({ kind: 'k'.repeat(63), labels, demands: [] })).toHaveLength(17 * 64 - 1)
  })
})

describe('a restriction', () => {
  it.each<[readonly string[] | null, boolean]>([
    [null, true],
    [[], false],
    [['kind:code'], true],
    [['kind:c*'], true],
    [['kind:site'], false],
    [['kind:site', 'kind:code'], true],
    [['label:gpu'], false],
    [['label:gpu', 'label:mac'], true],
    [['label:*'], true],
    [['agent:codex'], true],
    [['agent:claude'], false],
    [['repo:https://git.example/acme/*'], true],
    [['repo:https://git.example/acme/*', 'agent:claude'], false],
    [['repo:https://git.example/acme/*', 'agent:codex', 'kind:code'], true],
    [['repo:https://git.example/other/*'], false],
    [['tool:*'], false],
  ])('%j permits the lane: %s', (restriction, expected) => {
    expect(permits(restriction, LANE)).toBe(expected)
  })

  it('with a word that the lane lacks permits nothing', () => {
    const plain = laneOf({ kind: 'code', labels: [], demands: [] })
    expect(permits(['repo:*'], plain)).toBe(false)
    expect(permits(['label:*'], plain)).toBe(false)
    expect(permits(['kind:*'], plain)).toBe(true)
  })

  it('with all parts of a lane permits it, and without one of them does not', () => {
    fc.assert(
      fc.property(asked, ({ kind, labels, demands }) => {
        const lane = laneOf({ kind, labels, demands })
        const all = [`kind:${kind}`, ...labels.map((label) => `label:${label}`), ...demands]
        expect(permits(all, lane)).toBe(true)
        for (const part of all) {
          const word = part.slice(0, part.indexOf(':') + 1)
          const others = all.filter((one) => one !== part)
          expect(permits([...others, `${word}?`], lane)).toBe(false)
        }
      }),
    )
  })
})
