import { describe, expect, it } from 'vitest'
import { lineSplitter, logBlocks, logLine } from './transcript.ts'
import type { Printer } from './printer.ts'

const printerFor = (json: boolean): Printer => ({
  json,
  live: false,
  line: () => {},
  note: () => {},
  hint: (text) => text,
  document: () => {},
  drained: async () => true,
  paint: (_, text) => text,
})
const shown = (update: object): string | null =>
  logLine(JSON.stringify({ at: 1, ...update }), 'transcript', printerFor(false))

describe('a transcript', () => {
  it('reads as a conversation', () => {
    expect(shown({ type: 'message', text: 'I will fix it.\n' })).toBe('I will fix it.')
    expect(shown({ type: 'tool-call', id: '1', tool: 'bash', input: 'npm\ntest' })).toBe(
      '▸ bash npm test',
    )
    expect(shown({ type: 'warning', text: 'slow' })).toBe('warning: slow')
  })

  it('shows what the platform told the agent, and no more of it than a screen takes', () => {
    const text = Array.from({ length: 40 }, (_, index) => `line ${index}`).join('\n')
    const prompt = shown({ type: 'prompt', text })
    expect(prompt).toMatch(/^▸ prompt\n {4}line 0\n[^]*line 29\n {4}… 10 more lines$/)
  })

  it('shows the beginning of a long result and says how much is left out', () => {
    const output = Array.from({ length: 10 }, (_, index) => `line ${index}`).join('\n')
    const text = shown({ type: 'tool-result', id: '1', output, failed: false })
    expect(text).toContain('line 5')
    expect(text).toContain('… 4 more lines')
  })

  it('leaves out what only programs need, and what it does not know', () => {
    expect(shown({ type: 'usage', inputTokens: 1, outputTokens: 2 })).toBeNull()
    expect(shown({ type: 'telepathy' })).toBeNull()
  })

  it('shows a line that is no JSON without its control characters', () => {
    expect(logLine('[…] \u001B[31mcut', 'transcript', printerFor(false))).toBe('[…] cut')
  })

  it('stays JSON lines for programs; other logs become JSON lines', () => {
    const line = '{"type":"message","text":"hi"}'
    expect(logLine(line, 'transcript', printerFor(true))).toBe(line)
    expect(logLine('plain', 'output', printerFor(true))).toBe('{"text":"plain"}')
  })
})

const said = (at: number): string => JSON.stringify({ at, type: 'message', text: `at ${at}` })

describe('lines of a log', () => {
  it('are one block where they bear no time, and each its own where they do', () => {
    const plain = printerFor(false)
    expect(logBlocks(['a', '', 'b'], 'output', plain)).toEqual([{ at: null, text: 'a\n\nb' }])
    expect(logBlocks([], 'output', plain)).toEqual([])
    expect(logBlocks([said(1), said(2)], 'transcript', plain)).toEqual([
      { at: 1, text: 'at 1' },
      { at: 2, text: 'at 2' },
    ])
  })
})

describe('a stream of text', () => {
  it('is cut into lines wherever its pieces end', () => {
    const splitter = lineSplitter()
    const lines = ['a', 'b\nc', '\n', 'd'].flatMap((piece) => splitter.push(piece))
    expect(lines).toEqual(['ab', 'c'])
    expect(splitter.end()).toEqual(['d'])
    expect(splitter.end()).toEqual([])
  })
})
