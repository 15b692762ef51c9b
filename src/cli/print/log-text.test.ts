import { describe, expect, it } from 'vitest'
import { logText } from './log-text.ts'

const printerFor = (json: boolean) => ({ json, paint: (_: unknown, text: string) => text })
const said = (text: string): string => JSON.stringify({ at: 1, type: 'message', text })

describe('lines of a log', () => {
  it('are one text', () => {
    expect(logText(['a', '', 'b'], 'output', printerFor(false))).toBe('a\n\nb')
    expect(logText([said('a'), said('b')], 'transcript', printerFor(false))).toBe('a\nb')
  })

  it('are nothing where none is for people', () => {
    expect(logText([], 'output', printerFor(false))).toBeNull()
    expect(logText(['{"type":"telepathy"}'], 'transcript', printerFor(false))).toBeNull()
  })

  it('stay JSON lines for programs; other logs become JSON lines', () => {
    const line = '{"type":"message","text":"hi"}'
    expect(logText([line], 'transcript', printerFor(true))).toBe(line)
    expect(logText(['plain'], 'output', printerFor(true))).toBe('{"text":"plain"}')
  })
})
