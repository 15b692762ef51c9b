import { describe, expect, it } from 'vitest'
import { EQUIVALENT, proofOf } from './equivalent.ts'
import { findMutants, mutated } from './find.ts'
import { allMutants, sources } from './targets.ts'

/** What each mutant removes, and its replacement. */
const taken = (source: string): readonly string[] =>
  findMutants('a.ts', source).map(({ was, becomes }) => `${was} → ${becomes}`)

describe('the mutator', () => {
  it('removes each conjunct of a WHERE, a join and a nested WHERE', () => {
    const source = `sql\`SELECT 1 FROM a JOIN b ON b.x = a.x AND b.y = \${y} WHERE a.z IS NULL
      AND EXISTS (SELECT 1 FROM c WHERE c.x = a.x AND c.y > 1) ORDER BY a.z LIMIT \${limit}\``
    expect(taken(source)).toEqual([
      'b.x = a.x → 1 = 1',
      'b.y = ${y} → 1 = 1',
      'a.z IS NULL → 1 = 1',
      'EXISTS (SELECT 1 FROM c WHERE c.x = a.x AND c.y > 1) → 1 = 1',
      'c.x = a.x → 1 = 1',
      'c.y > 1 → 1 = 1',
    ])
  })

  it('removes a WHERE with OR as a whole, and each operand', () => {
    expect(taken('sql`DELETE FROM a WHERE x = 1 OR y = 2`').toSorted()).toEqual([
      'x = 1 OR y = 2 → 1 = 1',
      'x = 1 → 1 = 0',
      'y = 2 → 1 = 0',
    ])
    expect(taken('sql`DELETE FROM a WHERE z = 0 AND (x = 1 OR y = 2)`')).toHaveLength(4)
  })

  it('removes conditions of fragments', () => {
    expect(taken('sql`AND number NOT IN (${list})`')).toEqual(['number NOT IN (${list}) → 1 = 1'])
    expect(taken('sql`job.state = ${state}`')).toEqual(['job.state = ${state} → 1 = 1'])
    expect(taken('sql`(${key}, ${jobId})`')).toEqual([])
    expect(taken('sql`INSERT INTO a (x) VALUES (${x}) ON CONFLICT (x) DO NOTHING`')).toEqual([])
  })

  it('removes guards, locks and loop conditions', () => {
    const source = `async function f() {
      await lockJob(tx, id)
      if (!(await tryLockJobAndKeys(tx, id))) return
      assertGuard(changed, guard)
      while (!aborted && !lapsed()) work()
      if (a || b) throw new Error('x')
      if (c && d) { log(); return }
      if (e) stops.stop(why)
      if (f) goOn()
    }`
    expect(taken(source)).toEqual([
      'lockJob(tx, id) → undefined',
      'tryLockJobAndKeys(tx, id) → true',
      'assertGuard(changed, guard) → undefined',
      '!aborted → true',
      '!lapsed() → true',
      'a → false',
      'b → false',
      'c && d → false',
      'c → true',
      'd → true',
      'e → false',
    ])
  })

  it('finds the conditions after every WHERE of the ledger', () => {
    const starts = new Set(allMutants().map(({ path, start }) => `${path} ${start}`))
    const missed = sources().flatMap(({ path, text }) =>
      Array.from(withoutComments(text).matchAll(/\bWHERE\s+/g))
        .filter((found) => !starts.has(`${path} ${found.index + found[0].length}`))
        .map((found) => `${path}: ${text.slice(found.index).split('\n')[0]}`),
    )
    expect(missed).toEqual([])
  })

  it('makes only mutants that parse', () => {
    const texts = new Map(sources().map(({ path, text }) => [path, text]))
    for (const mutant of allMutants()) {
      expect(() => findMutants(mutant.path, mutated(texts.get(mutant.path)!, mutant))).not.toThrow()
    }
  })

  it('has proofs only for existing mutants', () => {
    const proved = new Set(allMutants().map(proofOf))
    expect(EQUIVALENT.filter((entry) => !proved.has(entry))).toEqual([])
  })
})

/** The text with its comments replaced by blanks of the same length. */
const withoutComments = (text: string): string =>
  text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, (comment) => ' '.repeat(comment.length))
