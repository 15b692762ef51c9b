import { describe, expect, it } from 'vitest'
import type { AgentUpdate } from '../domain/agent.ts'
import { SUMMARY_MAX } from '../domain/outcome.ts'
import { AcpUpdates } from './acp-updates.ts'

const PIECES = 5000
const WORDS = 'word '.repeat(20)

it('the diffs of a tool call are its edits', () => {
  const updates: AgentUpdate[] = []
  const said = new AcpUpdates((update) => updates.push(update))
  const diff = { type: 'diff', path: '/tree/a.js', oldText: 'one', newText: 'two' } as const
  const call = { sessionUpdate: 'tool_call', toolCallId: '1', title: 'edit' } as const
  said.receive({ ...call, content: [diff, { type: 'diff', path: 'b', newText: 'new' }] })
  said.receive(call)
  const [edits, none] = updates.map((update) => (update.type === 'tool-call' ? update.edits : null))
  expect(edits).toEqual([
    { path: '/tree/a.js', old: 'one', new: 'two' },
    { path: 'b', old: null, new: 'new' },
  ])
  expect(none).toBeUndefined()
})

describe('an agent that never stops talking', () => {
  it('is forwarded to the end, and its summary has a bounded length', () => {
    const updates: AgentUpdate[] = []
    const said = new AcpUpdates((update) => updates.push(update))
    const content = { type: 'text', text: WORDS } as const
    for (let piece = 0; piece < PIECES; piece += 1) {
      said.receive({ sessionUpdate: 'agent_message_chunk', content })
    }
    said.flush()
    const told = updates.map((update) => (update.type === 'message' ? update.text.length : 0))
    expect(told.reduce((sum, length) => sum + length, 0)).toBe(PIECES * WORDS.length)
    expect(said.summary).toHaveLength(SUMMARY_MAX)
    expect(said.summary).toMatch(/^word word .*…$/)
  })
})
