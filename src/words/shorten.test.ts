import { expect, it } from 'vitest'
import { shortened, shortenedOutput } from './shorten.ts'

const text = (count: number): string =>
  Array.from({ length: count }, (_, index) => `line ${index + 1}\n`).join('')

it('keeps a short text whole', () => {
  expect(shortened(text(4), { first: 2, last: 1 })).toEqual([
    'line 1',
    'line 2',
    'line 3',
    'line 4',
  ])
})

it('keeps the first and the last lines of a long text, and says how many are left out', () => {
  expect(shortened(text(9), { first: 2, last: 1 })).toEqual([
    'line 1',
    'line 2',
    '… 6 lines left out',
    'line 9',
  ])
  expect(shortened(text(9), { first: 1, last: 0 })).toEqual(['line 1', '… 8 lines left out'])
})

/** What `node --test` printed about two failed assertions, with the lines that do not matter. */
const TAP = `TAP version 13
# Subtest: sub
ok 1 - sub
  ---
  duration_ms: 0.14
  ...
# Subtest: add
not ok 2 - add
  ---
  duration_ms: 1.04
  type: 'test'
  location: 'src/add.test.js:2:1'
  failureType: 'testCodeFailure'
  error: |-
    Expected values to be strictly equal:

    -1 !== 3

  code: 'ERR_ASSERTION'
${'    at somewhere (node:internal)\n'.repeat(20)}  ...
1..2
# pass 1
# fail 1
# cancelled 0
# skipped 0
# todo 0
# duration_ms 176.8
`

it('keeps the first failures of a check’s long output, with its beginning and its end', () => {
  const lines = shortenedOutput(TAP)
  for (const line of [
    'TAP version 13',
    'not ok 2 - add',
    "  location: 'src/add.test.js:2:1'",
    '    -1 !== 3',
    '# duration_ms 176.8',
  ]) {
    expect(lines).toContain(line)
  }
  expect(lines.length).toBeLessThan(26)
})

it('keeps the beginning and the end of a long output in which no line reports a failure', () => {
  expect(shortenedOutput(text(20))).toEqual([
    ...text(8).trimEnd().split('\n'),
    '… 4 lines left out',
    ...Array.from({ length: 8 }, (_, index) => `line ${index + 13}`),
  ])
})
