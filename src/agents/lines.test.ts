import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { type Line, linesOf } from './lines.ts'

async function lines(chunks: readonly (string | Buffer)[], bytesMax = 100): Promise<Line[]> {
  return await Array.fromAsync(
    linesOf(Readable.from(chunks.map((chunk) => Buffer.from(chunk))), bytesMax),
  )
}
const whole = (text: string): Line => ({ text, cut: false })

describe('lines', () => {
  it('come whole, however the stream is cut into pieces', async () => {
    const text = Buffer.from('eins\nzwei ü\n\ndrei')
    const expected = ['eins', 'zwei ü', '', 'drei'].map(whole)
    for (const size of [1, 2, 3, text.length]) {
      const chunks = Array.from({ length: Math.ceil(text.length / size) }, (_, at) =>
        text.subarray(at * size, (at + 1) * size),
      )
      expect(await lines(chunks)).toEqual(expected)
    }
  })

  it('that are too long keep their beginning and say so, and the next one is whole', async () => {
    const expected = [{ text: 'aaaa', cut: true }, whole('bbbb'), { text: 'cccc', cut: true }]
    expect(await lines(['aaaa', 'aaaa', 'a\nbb', 'bb\nccccc'], 4)).toEqual(expected)
  })
})
