import { describe, expect, it } from 'vitest'
import type { Progress } from '../domain/event.ts'
import { progressReader } from './progress.ts'

function readAll(...pieces: readonly string[]): readonly Progress[] {
  const seen: Progress[] = []
  const read = progressReader((progress) => seen.push(progress))
  pieces.forEach(read)
  return seen
}

describe('progress in what a generator prints', () => {
  it.each([
    ['0.42 baking textures', 0.42, 'baking textures'],
    ['1', 1, ''],
    ['3/10 views', 0.3, '3/10 views'],
    ['warming up', null, 'warming up'],
    ['42 of many', null, '42 of many'],
    ['3/0', null, '3/0'],
    ['11/10', null, '11/10'],
    ['1e9', null, '1e9'],
  ])('is read from the line “progress: %s”', (said, fraction, text) => {
    expect(readAll(`progress: ${said}\n`)).toEqual([{ fraction, text }])
  })

  it('is found in chunks that end anywhere, once a line is complete', () => {
    expect(readAll('loading\nprog', 'ress: 0.5 ha', 'lf\nprogress: 0.9')).toEqual([
      { fraction: 0.5, text: 'half' },
    ])
  })

  it('is the newest of several in one chunk', () => {
    expect(readAll('progress: 0.1\nprogress: 0.2\nother\n')).toEqual([{ fraction: 0.2, text: '' }])
  })

  it('is not read from the middle of a line, even of a very long one, nor from an empty progress line', () => {
    expect(
      readAll('x'.repeat(5000), 'progress: 0.5', '\n', ' progress: 0.6\nprogress: \n'),
    ).toEqual([])
  })

  it('keeps 200 characters of the words', () => {
    expect(readAll(`progress: 0.5 ${'a'.repeat(900)}\n`)[0]?.text).toHaveLength(200)
  })
})
