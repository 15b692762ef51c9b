import { describe, expect, it } from 'vitest'
import { approve, type Verdict } from './verdict.ts'

const verdict = (change: Partial<Verdict> = {}): Verdict => ({
  check: 'tests',
  tree: 'a1',
  passed: true,
  findings: '',
  durationMs: 1,
  ...change,
})

describe('a tree', () => {
  it('is approved when every check passed on it', () => {
    const verdicts = [verdict(), verdict({ check: 'types' })]
    expect(approve('a1', ['tests', 'types'], verdicts)).toEqual({ tree: 'a1' })
    expect(approve('a1', [], [])).toEqual({ tree: 'a1' })
  })

  it.each<[string, readonly Verdict[]]>([
    ['did not run', []],
    ['failed', [verdict({ passed: false })]],
    ['passed on another tree', [verdict({ tree: 'b2' })]],
  ])('is not approved when a check %s', (_, verdicts) => {
    expect(() => approve('a1', ['tests'], verdicts)).toThrow(/a1 has not passed the checks tests/)
  })
})
