import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import { readPlainly } from '../../domain/plain-words.ts'
import { parseCsv } from './csv.ts'
import { parseJsonOrLines } from './json-lines.ts'
import type { Placed } from './placed.ts'

/** The values that a template is filled with, by name. */
export type Row = ReadonlyMap<string, string>

const JsonRow = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean()], 'is not text, a number, true or false'),
)

/**
 * Parses the rows of a template: CSV whose first line names the columns, JSON Lines with one object
 * on each line, or an array of objects. Throws `usage-invalid` with the place of the first error.
 * @param source name of the text for error messages
 */
export function parseRows(text: string, source: string): readonly Placed<Row>[] {
  if (!/^\s*[[{]/.test(text)) return csvRows(text, source)
  const json = parseJsonOrLines(text, source, 'row')
  const items = json.kind === 'one' ? [{ place: source, value: json.value }] : json.items
  return items.map(({ place, value }) => ({ place, value: jsonRow(place, value) }))
}

function jsonRow(place: string, value: unknown): Row {
  const read = readPlainly(JsonRow, value)
  if (!read.ok) {
    const [{ path, message }] = read.faults
    throw new AppError('usage-invalid', [place, ...path.map(String), message].join(': '))
  }
  return new Map(Object.entries(read.value).map(([name, cell]) => [name, String(cell)]))
}

function csvRows(text: string, source: string): readonly Placed<Row>[] {
  const [head, ...records] = parseCsv(text, source)
  if (head === undefined) return []
  const names = head.cells.map((name) => name.trim())
  const odd = names.find((name, index) => name === '' || names.indexOf(name) !== index)
  if (odd !== undefined) {
    const what =
      odd === '' ? 'a column has no name' : `two columns are named ${JSON.stringify(odd)}`
    throw new AppError('usage-invalid', `${source}, line ${head.line}: ${what}`)
  }
  return records.map(({ line, cells }) => {
    const place = `${source}, line ${line}`
    if (cells.length !== names.length) {
      const counts = `${cells.length} cells, but there are ${names.length} columns`
      throw new AppError('usage-invalid', `${place}: the row has ${counts}`)
    }
    return { place, value: new Map(names.map((name, index) => [name, cells[index] ?? ''])) }
  })
}
