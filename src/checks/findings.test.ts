import { Buffer } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Findings } from './findings.ts'

const FIXTURES = join(import.meta.dirname, '..', '..', 'test', 'fixtures', 'checks')

/** The findings of output that arrives in these chunks. */
function found(...pieces: readonly string[]): string {
  const findings = new Findings()
  const read = findings.reader()
  for (const piece of pieces) read(piece)
  return findings.take()
}

const lines = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => `${text(index)}\n`).join('')

/** Output of thousands of passing tests. */
const NOISE = lines(3000, (index) => `✓ passes ${index} (${index % 7} ms)`)

describe('findings', () => {
  it('are all of a short output, without its colors', () => {
    expect(found('\u001b[31mred\u001b[0m\n\u0007\u001b]8;;http://x\u0007link\n\ttab\n')).toBe(
      'red\nlink\n\ttab',
    )
  })

  it.each<[string, readonly string[]]>([
    ['node-spec', ['✖ parses "1h 30m"', 'test at nt/a.test.js:3:1', '60 !== 90', 'expected: 90']],
    ['node-spec', ['TypeError: not a duration: x', '/srv/app/nt/a.test.js:4:30', 'ℹ fail 2']],
    ['node-tap', ['not ok 2 - parses "1h 30m"', '60 !== 90', 'actual: 60', '# fail 2']],
    ['vitest', ['× knows the list', 'AssertionError: expected [', '-   "c",\n+   "b",', '3:49']],
    ['tsc', ["ts/a.ts:1:7 - error TS2322: Type 'string'", "Did you mean 'length'?", 'Found 2']],
    ['pytest', ['>       assert total == 4', 'E       assert 3 == 4', 'test_a.py:4:', '1 failed']],
    ['go', ['add_test.go:9: Add(1, 1) = 0, want 2', '--- FAIL: TestAdd']],
    ['cargo', ['tests::adds ... FAILED', 'panicked at src/lib.rs:6:17', 'left: 0\n right: 4']],
    ['make', ['main.c:2:10: error:', '|          ^~~', 'make: *** [Makefile:3: main.o] Error 1']],
  ])('keep the failures that %s prints amid thousands of passing tests', (name, wanted) => {
    const recorded = readFileSync(join(FIXTURES, `${name}.txt`), 'utf8')
    const text = found(NOISE, recorded)
    // Without a summary at the end, only the failures remain.
    expect(found(NOISE, recorded, NOISE)).toContain(wanted[0])
    for (const words of wanted) expect(text).toContain(words)
    expect(text).not.toContain('\u001b')
    expect(text.split('passes').length).toBeLessThan(60)
    expect(text).toMatch(/^\[… \d+ lines left out\]$/m)
  })

  it('stay in order and below 6 KiB, and mark the gaps, for output of any size', () => {
    const failing = lines(20_000, (index) => `noise ${index}\n`.repeat(9) + `FAIL test ${index}`)
    expect(Buffer.byteLength(failing)).toBeGreaterThan(2_000_000)
    const text = found(failing, 'the summary\n')
    expect(Buffer.byteLength(text)).toBeLessThan(6 * 1024)
    expect(Buffer.byteLength(text)).toBeGreaterThan(3 * 1024)
    expect(text).toMatch(/FAIL test 0\n[^]*FAIL test 1\n[^]*left out[^]*FAIL test 19999\n/)
    expect(text.endsWith('\nthe summary')).toBe(true)
    const numbers = [...text.matchAll(/FAIL test (\d+)/g)].map(([, digits]) => Number(digits))
    expect(numbers).toEqual(numbers.toSorted((one, other) => one - other))
  })

  it('count the lines that are left out', () => {
    const text = found(lines(5000, (index) => `line ${index}`))
    const [, gap] = /^\[… (\d+) lines left out\]\n/.exec(text) ?? []
    expect(Number(gap) + text.split('\n').length - 1).toBe(5000)
  })

  it('accept 10 MB without a line break, and chunks that end anywhere', () => {
    const text = found(
      'Error: begun ',
      ...Array.from({ length: 160 }, () => 'x'.repeat(65_536)),
      '\nend\n',
    )
    expect(text).toMatch(/^Error: begun x+…\nend$/)
    expect(text.length).toBeLessThan(500)
    expect(found(...'one\r\ntwo\n\nthree'.split(''))).toBe('one\ntwo\n\nthree')
  })

  it('keep the last state of a line that is overwritten', () => {
    expect(found('10%\r', '50%\r100%', '\r\ndone', '\rreally done\r', '\n')).toBe(
      '100%\nreally done',
    )
    const bar = Array.from({ length: 100_000 }, (_, index) => `\rstep ${index}`).join('')
    expect(found(`${bar}\nError: x\n`)).toBe('step 99999\nError: x')
  })

  it('show a repeated line once', () => {
    expect(found('wait\n'.repeat(1000), 'Error: x\n\n\n\n')).toBe(
      'wait\n[repeated 999 times]\nError: x\n',
    )
    const text = found(lines(4000, (index) => `a ${index}\nError: the same`))
    expect(text.split('Error: the same').length).toBeLessThan(60)
  })

  it('keep the lines of two streams whole', () => {
    const findings = new Findings()
    const [out, err] = [findings.reader(), findings.reader()]
    out('one ')
    err('Error: ')
    out('line\n')
    err('x')
    expect(findings.take()).toBe('one line\nError: x')
  })
})
