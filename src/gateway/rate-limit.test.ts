import { describe, expect, it } from 'vitest'
import { readRateLimit } from './rate-limit.ts'

const NOW = 1_800_000_000_000
const until = (headers: Record<string, string>, body: unknown = {}) =>
  readRateLimit(headers, JSON.stringify(body), NOW)

describe('a refusal for rate or quota', () => {
  it.each([
    ['seconds', { 'retry-after': '90' }, {}, NOW + 90_000],
    ['a date', { 'retry-after': 'Fri, 15 Jan 2027 08:10:00 GMT' }, {}, NOW + 600_000],
    ['milliseconds', { 'retry-after-ms': '1500.4' }, {}, NOW + 1501],
    ['the plan of one vendor', {}, { error: { resets_in_seconds: 3600 } }, NOW + 3_600_000],
    ['the time of one vendor', {}, { error: { resets_at: NOW / 1000 + 60 } }, NOW + 60_000],
    [
      'the plan of another',
      { 'anthropic-ratelimit-unified-reset': '1800000600' },
      {},
      NOW + 600_000,
    ],
  ])('says by %s when it ends', (_, headers, body, time) => {
    expect(until({ ...headers }, body)).toBe(time)
  })

  it('believes the body before the headers, which often mean the next try alone', () => {
    expect(until({ 'retry-after': '1' }, { error: { resets_in_seconds: 9 } })).toBe(NOW + 9000)
  })

  it.each([
    ['nothing', {}, {}],
    ['the past', { 'retry-after': 'Fri, 15 Jan 2021 08:10:00 GMT' }, {}],
    ['now', { 'retry-after': '0' }, {}],
    ['next year', {}, { error: { resets_in_seconds: 40_000_000 } }],
    ['nonsense', { 'retry-after': 'soon', 'retry-after-ms': '-5' }, { error: 'no' }],
  ])('that says %s has no known end', (_, headers, body) => {
    expect(until({ ...headers }, body)).toBeNull()
  })

  it('with a body that is not JSON is read from its headers', () => {
    expect(readRateLimit({ 'retry-after': '2' }, '<html>', NOW)).toBe(NOW + 2000)
  })
})
