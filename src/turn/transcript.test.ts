import { Buffer } from 'node:buffer'
import { describe, expect, it } from 'vitest'
import { LINE_BYTES_MAX } from '../domain/attempt.ts'
import { type TranscriptEntry, transcriptLine } from './transcript.ts'

const LONG = 'x'.repeat(2 * LINE_BYTES_MAX)
const EDIT = { path: LONG, old: LONG, new: LONG }
const MANY = Array.from({ length: 100 }, () => EDIT)

describe('a line of the transcript', () => {
  it('is the update with its time, as one line of JSON', () => {
    const update: TranscriptEntry = { type: 'message', text: 'two\nlines' }
    const line = transcriptLine(update, 1234)
    expect(line.match(/\n/g)).toHaveLength(1)
    expect(JSON.parse(line)).toEqual({ at: 1234, ...update })
  })

  it.each<TranscriptEntry>([
    { type: 'prompt', text: 'p'.repeat(200_000) },
    { type: 'thought', text: 'a'.repeat(1_000_000) },
    { type: 'message', text: '\u0001'.repeat(100_000) },
    { type: 'tool-call', id: '1', tool: 'write', input: '漢'.repeat(100_000) },
    { type: 'tool-call', id: '1', tool: 'edit', input: '', edits: [EDIT] },
    { type: 'tool-result', id: '1', output: '"'.repeat(200_000), failed: false },
  ])('stays JSON and within the limit when a $type is too long', (update) => {
    const line = transcriptLine(update, 0)
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(LINE_BYTES_MAX)
    expect(Buffer.byteLength(line)).toBeGreaterThan(LINE_BYTES_MAX / 8)
    expect(JSON.parse(line)).toMatchObject({ type: update.type })
    expect(line).toContain('…')
  })

  it.each<TranscriptEntry>([
    { type: 'session', session: LONG },
    { type: 'tool-call', id: LONG, tool: LONG, input: LONG },
    { type: 'tool-call', id: LONG, tool: LONG, input: LONG, edits: MANY },
    { type: 'tool-result', id: LONG, output: LONG, failed: false },
  ])('stays within the limit when a $type has endless names', (update) => {
    const line = transcriptLine(update, 0)
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(LINE_BYTES_MAX)
    expect(JSON.parse(line)).toMatchObject({ type: update.type })
  })
})
