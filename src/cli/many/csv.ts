import { AppError } from '../../domain/errors.ts'

/** A record of a CSV file, and the number of the line on which it begins. */
export type CsvRecord = { readonly line: number; readonly cells: readonly string[] }

/**
 * Parses CSV (RFC 4180). A quoted cell may contain commas, line breaks and doubled quotes (`""`).
 * Cells are text and are not trimmed. Lines end with LF or CRLF; empty lines are skipped. Throws
 * `usage-invalid` with the line of an error.
 * @param source name of the text for error messages
 */
export function parseCsv(text: string, source: string): readonly CsvRecord[] {
  const records: CsvRecord[] = []
  let at = 0
  let line = 1

  const fail = (what: string): AppError =>
    new AppError('usage-invalid', `${source}, line ${line}: ${what}`)

  const quotedCell = (): string => {
    let cell = ''
    for (;;) {
      const close = text.indexOf('"', at + 1)
      if (close === -1) throw fail('a quoted cell has no closing quote')
      cell += text.slice(at + 1, close)
      at = close + 1
      if (text[at] !== '"') break
      cell += '"'
    }
    if (at < text.length && !/^(?:,|\r?\n|\r$)/.test(text.slice(at, at + 2))) {
      throw fail('text follows the closing quote of a cell')
    }
    return cell
  }

  const plainCell = (): string => {
    const start = at
    while (at < text.length && text[at] !== ',' && text[at] !== '\n') at += 1
    const cell = text.slice(start, at)
    if (cell.includes('"')) {
      throw fail('an unquoted cell contains a quote: put the cell in quotes, and double the quote')
    }
    return text[at] === ',' ? cell : cell.replace(/\r$/, '')
  }

  while (at < text.length) {
    const start = at
    const cells = [text[at] === '"' ? quotedCell() : plainCell()]
    while (text[at] === ',') {
      at += 1
      cells.push(text[at] === '"' ? quotedCell() : plainCell())
    }
    at = text.startsWith('\r\n', at) ? at + 2 : at + 1
    const written = text.slice(start, at)
    if (/[^\r\n]/.test(written)) records.push({ line, cells })
    line += written.split('\n').length - 1
  }
  return records
}
