import { AppError } from '../../domain/errors.ts'
import type { Placed } from './placed.ts'

/** The parsed content: one value, or a list of values with the place of each. */
type Json =
  | { readonly kind: 'one'; readonly value: unknown }
  | { readonly kind: 'many'; readonly items: readonly Placed<unknown>[] }

/**
 * Matches the name of a JSON Lines file. If such a file has only one line, it is a list of one
 * value.
 */
const LINES = /\.(?:jsonl|ndjson)$/i

/**
 * Parses JSON, or JSON Lines: one value on each line; blank lines are skipped. An array counts as a
 * list of values, and so does a single value if the file's name is that of a JSON Lines file.
 * Throws `usage-invalid` with the place of the first error.
 * @param source name of the text for error messages
 * @param noun what error messages call an entry of an array, such as `job`
 */
export function parseJsonOrLines(text: string, source: string, noun: string): Json {
  const whole = parsed(text)
  if (whole instanceof Error) return linesOf(text, source, whole)
  const { value } = whole
  if (!Array.isArray(value)) {
    const isLine = LINES.test(source)
    return isLine ? { kind: 'many', items: [{ place: source, value }] } : { kind: 'one', value }
  }
  const items = value.map((entry: unknown, index) => ({
    place: `${source}, ${noun} ${index + 1}`,
    value: entry,
  }))
  return { kind: 'many', items }
}

/**
 * @param wholeError why the text is not one JSON value; reported if the first line is not JSON
 * either
 */
function linesOf(text: string, source: string, wholeError: Error): Json {
  const items: Placed<unknown>[] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const place = `${source}, line ${index + 1}`
    const read = parsed(line)
    if (!(read instanceof Error)) items.push({ place, value: read.value })
    else if (items.length > 0) throw notJson(place, read)
    // If the first line is not JSON, the text was probably meant as one value with several lines.
    else throw notJson(source, wholeError)
  }
  return { kind: 'many', items }
}

function parsed(text: string): { readonly value: unknown } | Error {
  try {
    return { value: JSON.parse(text) }
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

const notJson = (place: string, error: Error): AppError =>
  new AppError('usage-invalid', `${place} does not contain valid JSON: ${error.message}`, {
    cause: error,
  })
