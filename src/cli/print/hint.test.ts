import { describe, expect, it } from 'vitest'
import { hint } from './hint.ts'

const CALL = 'npm run millwright --'

describe('a hint', () => {
  it.each([
    ['calls the program as here', 'Start it with: millwright up', [], `Start it with: ${CALL} up`],
    [
      'means the same data',
      'See: millwright jobs.',
      ['show', 'x', '--data', 'd/e'],
      `See: ${CALL} jobs --data d/e.`,
    ],
    [
      'keeps the agent’s program last',
      'millwright submit "<prompt>" -- <program>',
      ['up', '--data=d'],
      `${CALL} submit "<prompt>" --data d -- <program>`,
    ],
    [
      'names the hub to clients and not to daemons',
      'millwright up, or millwright logs -f 12',
      ['jobs', '--hub', 'https://h:1', '--token-file', 'a b'],
      `${CALL} up, or ${CALL} logs -f 12 --hub https://h:1 --token-file 'a b'`,
    ],
    [
      'leaves the flags of the agent alone',
      'millwright jobs',
      ['submit', 'x', '--', 'sh', '--data', 'y'],
      `${CALL} jobs`,
    ],
    ['leaves other words alone', 'Run the newer Millwright.', [], 'Run the newer Millwright.'],
  ])('%s', (_, text, argv, expected) => {
    expect(hint(text, argv, CALL)).toBe(expected)
  })
})
