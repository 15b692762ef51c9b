import { describe, expect, it } from 'vitest'
import { ServerSentEvents } from './sse.ts'

const read = (text: string, size: number, maxBytes = 100) => {
  const events = new ServerSentEvents(maxBytes)
  const bytes = Buffer.from(text)
  const data: string[] = []
  for (let at = 0; at < bytes.length; at += size) {
    data.push(...events.push(bytes.subarray(at, at + size)))
  }
  return { data, dropped: events.dropped }
}

describe('server-sent events', () => {
  it.each([1, 2, 3, 7, 1000])('are the same in pieces of %i bytes', (size) => {
    const text = ': hi\r\n\r\nevent: a\r\ndata: {"é":1}\r\n\r\ndata:two\ndata:lines\nid: 4\n\n'
    expect(read(text, size).data).toEqual(['{"é":1}', 'two\nlines'])
  })

  it('that are too large are dropped and counted, and those behind them are read', () => {
    const long = 'x'.repeat(150)
    const text = `data: ${long}\n\ndata: a\n\ndata: ${long.slice(60)}\ndata: ${long.slice(60)}\n\ndata: b\n\n`
    expect(read(text, 10)).toEqual({ data: ['a', 'b'], dropped: 2 })
  })

  it('that never end are not given out', () => {
    expect(read('data: half', 3)).toEqual({ data: [], dropped: 0 })
  })
})
