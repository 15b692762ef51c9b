import { AppError } from '../../domain/errors.ts'
import { nearMiss } from '../../domain/near-miss.ts'
import type { Row } from './rows.ts'

/** An escaped `\{{`, a placeholder `{{name}}`, or a `{{` that begins no placeholder. */
const TOKEN = /\\\{\{|\{\{([^{}]*)\}\}|\{\{/g

const ESCAPED = '\\{{'

/** Whether a value contains a placeholder. */
export const hasPlaceholder = (value: unknown): boolean =>
  typeof value === 'string'
    ? [...value.matchAll(TOKEN)].some(([token]) => token !== ESCAPED)
    : Array.isArray(value) && value.some(hasPlaceholder)

/**
 * Replaces each `{{name}}` with the row's value, and each `\{{` with `{{`. Works on strings and
 * lists of strings; returns any other value unchanged. Throws `usage-invalid` if the row has no
 * value `name`.
 */
export function fill(value: unknown, row: Row): unknown {
  if (Array.isArray(value)) return value.map((one: unknown) => fill(one, row))
  return typeof value === 'string' ? fillText(value, row) : value
}

export const fillText = (text: string, row: Row): string =>
  text.replaceAll(TOKEN, (token: string, name: string | undefined) => {
    if (token === ESCAPED) return '{{'
    if (name === undefined) {
      throw new AppError('usage-invalid', `"{{" has no "}}"; ${LITERAL}`)
    }
    const cell = row.get(name.trim())
    if (cell === undefined) throw unknownName(name.trim(), [...row.keys()])
    return cell
  })

const LITERAL = String.raw`for two literal braces, write \{{`

function unknownName(name: string, known: readonly string[]): AppError {
  const meant = nearMiss(name, known)
  const hint =
    meant === undefined
      ? `it has values for ${known.join(', ')}; ${LITERAL}`
      : `did you mean {{${meant}}}?`
  return new AppError('usage-invalid', `the row has no value for {{${name}}}; ${hint}`)
}
