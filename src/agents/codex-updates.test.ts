import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readCodexLine } from './codex-updates.ts'

const recorded = (name: string): readonly string[] =>
  readFileSync(new URL(`../../test/fixtures/codex/${name}.jsonl`, import.meta.url), 'utf8')
    .trim()
    .split('\n')

const warningOf = (line: string): string | undefined => {
  const [update] = readCodexLine(line).updates
  return update?.type === 'warning' ? update.text : undefined
}

describe('a recorded turn', () => {
  it('becomes updates with the same content', () => {
    expect(recorded('work').flatMap((line) => readCodexLine(line).updates)).toEqual([
      { type: 'session', session: '01a1fbb6-9532-7a11-a5c6-a7af5a83cf61' },
      { type: 'warning', text: expect.stringContaining('Model metadata') },
      { type: 'thought', text: 'Let me think.' },
      { type: 'message', text: 'I will write.' },
      {
        type: 'tool-call',
        id: 'item_3',
        tool: 'shell',
        input: "/bin/bash -lc 'echo hello > hello.txt; ls; exit 3'",
      },
      { type: 'tool-result', id: 'item_3', output: 'hello.txt\n', failed: true },
      { type: 'tool-call', id: 'item_4', tool: 'edit', input: 'update /tree/hello.txt' },
      { type: 'tool-result', id: 'item_4', output: 'update /tree/hello.txt', failed: false },
      { type: 'message', text: 'Done first.' },
      { type: 'usage', inputTokens: 10, outputTokens: 5 },
    ])
  })

  it('that fails ends once, with the last message, whatever errors came before', () => {
    const ends = recorded('status-401').flatMap((line) => readCodexLine(line).end ?? [])
    expect(ends).toEqual([
      { failed: true, message: expect.stringMatching(/^unexpected status 401 Unauthorized/) },
    ])
  })
})

describe('a line of Codex', () => {
  it('about a tool of an MCP server reports its call and its result', () => {
    const item = { id: 'i', type: 'mcp_tool_call', server: 's', tool: 't', arguments: { a: 1 } }
    const started = { type: 'item.started', item: { ...item, status: 'in_progress' } }
    const ended = { type: 'item.completed', item: { ...item, status: 'failed', error: 'no' } }
    expect(
      [started, ended].flatMap((event) => readCodexLine(JSON.stringify(event)).updates),
    ).toEqual([
      { type: 'tool-call', id: 'i', tool: 's.t', input: '{"a":1}' },
      { type: 'tool-result', id: 'i', output: '"no"', failed: true },
    ])
  })

  it.each([
    ['an event of a newer version', '{"type":"turn.paused"}'],
    ['an item of a newer version', '{"type":"item.completed","item":{"id":"i","type":"dance"}}'],
    ['an event without its parts', '{"type":"thread.started"}'],
    ['broken JSON', '{"type":"turn.star'],
    ['no JSON', 'Segmentation fault'],
    ['JSON that is not an object', '[[]]'],
  ])('%s is a warning that shows it', (_title, line) => {
    expect(warningOf(line)).toBe(`codex printed an unknown event: ${line}`)
  })

  it('that is unknown and long is shown in part', () => {
    expect(warningOf('x'.repeat(1_000_000))?.length).toBeLessThan(1000)
  })

  it('with unknown fields next to the known ones is understood', () => {
    const event = {
      type: 'turn.completed',
      usage: { input_tokens: 1, output_tokens: 2, x: 3 },
      y: 4,
    }
    expect(readCodexLine(JSON.stringify(event))).toEqual({
      updates: [{ type: 'usage', inputTokens: 1, outputTokens: 2 }],
      end: { failed: false },
    })
  })
})
