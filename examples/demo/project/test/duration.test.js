import assert from 'node:assert/strict'
import { test } from 'node:test'
import { format, parse } from '../src/duration.js'

test('a duration of one unit is parsed', () => {
  assert.equal(parse('90s'), 90_000)
  assert.equal(parse('2 d'), 172_800_000)
})

test('a duration of several units is the sum of them', () => {
  assert.equal(parse('1h 30m'), 5_400_000)
})

test('what is no duration is refused', () => {
  assert.throws(() => parse('soon'), TypeError)
})

test('a duration is written with the longest units first', () => {
  assert.equal(format(5_400_000), '1h 30m')
  assert.equal(format(0), '0s')
})
