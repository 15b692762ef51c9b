import { expect, it } from 'vitest'
import { diffstat } from './diffstat.ts'

const change = { kind: 'modified', isBinary: false, insertions: 0, deletions: 0 } as const
const plain = (_style: string, text: string): string => text

it('lists files with a bar, like git', () => {
  const files = [
    { ...change, path: 'src/app.js', insertions: 3, deletions: 1 },
    { ...change, path: 'logo.png', isBinary: true },
  ]
  expect(diffstat(files, plain)).toEqual([
    ' src/app.js |   4 +++-',
    ' logo.png   | Bin',
    ' 2 files changed, 3 insertions(+), 1 deletion(-)',
  ])
})

it('shortens long bars, and shows every change', () => {
  const files = [
    { ...change, path: 'a', insertions: 4000 },
    { ...change, path: 'b', deletions: 1 },
  ]
  const [first, second] = diffstat(files, plain)
  expect(first).toBe(` a | 4000 ${'+'.repeat(40)}`)
  expect(second).toBe(' b |    1 -')
})

it('shows an escape sequence of a file name instead of obeying or hiding it', () => {
  expect(diffstat([{ ...change, path: '\u001B[31mred' }], plain)[0]).toBe(' ^[[31mred | 0')
})
