import { describe, expect, it } from 'vitest'
import { parseCsv } from './csv.ts'

const cellsOf = (text: string) => parseCsv(text, 'a.csv').map(({ cells }) => cells)

describe('CSV', () => {
  it.each([
    [
      'lines that end with LF or CRLF, with or without a last one',
      'a,b\r\n1,2\n3,4',
      ['a', 'b'],
      ['1', '2'],
      ['3', '4'],
    ],
    [
      'commas, quotes and line breaks in quotes',
      '"a,b","say ""hi"""\n"two\r\nlines",',
      ['a,b', 'say "hi"'],
      ['two\r\nlines', ''],
    ],
    ['cells as text that is not trimmed', ' 007 ,\t1e3\n', [' 007 ', '\t1e3']],
    ['empty cells, but not empty lines', '\n,\n\r\n""\n', ['', ''], ['']],
  ])('has %s', (_, text, ...records) => {
    expect(cellsOf(text)).toEqual(records)
  })

  it('knows the line on which a record begins', () => {
    const lines = parseCsv('a\n"1\n2\n3"\n\n4\r\n', 'a.csv').map(({ line }) => line)
    expect(lines).toEqual([1, 2, 6])
  })

  it.each([
    ['a\n"open', 'a.csv, line 2: a quoted cell has no closing quote'],
    ['"a"b', 'a.csv, line 1: text follows the closing quote of a cell'],
    ['a\n\n5" pipe', 'a.csv, line 3: an unquoted cell contains a quote'],
  ])('that is not valid is refused: %j', (text, message) => {
    expect(() => cellsOf(text)).toThrow(message)
  })

  it('of one cell of many megabytes is read', () => {
    const long = 'x""'.repeat(500_000)
    expect(cellsOf(`"${long}"`)[0]?.[0]?.length).toBe(1_000_000)
  })
})
