import { describe, expect, it } from 'vitest'
import { parseRows } from './rows.ts'

const rowsOf = (text: string) =>
  parseRows(text, 'rows').map(({ place, value }) => [place, Object.fromEntries(value)])

describe('the rows of a template', () => {
  it('are CSV whose first line names the columns', () => {
    expect(rowsOf('file, language\na.md,German\n"b,c.md",01\n')).toEqual([
      ['rows, line 2', { file: 'a.md', language: 'German' }],
      ['rows, line 3', { file: 'b,c.md', language: '01' }],
    ])
  })

  it('are JSON Lines or an array, of texts, numbers and true or false', () => {
    const row = { file: 'a.md', count: 3, draft: false }
    const texts = { file: 'a.md', count: '3', draft: 'false' }
    const line = JSON.stringify(row)
    expect(rowsOf(`${line}\n\n${line}`)).toEqual([
      ['rows, line 1', texts],
      ['rows, line 3', texts],
    ])
    expect(rowsOf(`[${line}]`)).toEqual([['rows, row 1', texts]])
    expect(rowsOf(line)).toEqual([['rows', texts]])
  })

  it.each([
    ['a,b\n1', 'rows, line 2: the row has 1 cells, but there are 2 columns'],
    ['a,,b\n', 'rows, line 1: a column has no name'],
    ['a,a\n', 'rows, line 1: two columns are named "a"'],
    ['{"a":1}\n{"a":null}', 'rows, line 2: a: is not text, a number, true or false'],
    ['{"a":1}\n["a"]', 'rows, line 2: a list is not an object'],
    ['{"a":1}\n{"a":', 'rows, line 2 does not contain valid JSON: '],
  ])('that are not valid are refused: %j', (text, message) => {
    expect(() => rowsOf(text)).toThrow(message)
  })
})
