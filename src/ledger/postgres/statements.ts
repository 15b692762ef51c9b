import type { QueryConfig } from 'pg'
import { isValue, render, type SqlValue, type Statement } from '../sql.ts'

/**
 * Maximum number of named prepared statements. Further statements are run without a name. The
 * number is limited because each connection keeps all named statements in memory.
 */
const PREPARED_MAX = 500

type Prepared = { readonly name: string; readonly text: string }
export type Preparer = (statement: Statement) => QueryConfig

/** Gives each SQL text a name, so that a connection parses and plans the text only once. */
export function preparer(): Preparer {
  const byTemplate = new WeakMap<readonly string[], Prepared>()
  const byText = new Map<string, Prepared>()

  return (statement) => {
    const known = byTemplate.get(statement.strings)
    // Only statements without nested statements are in `byTemplate`, so `filter` removes nothing;
    // it only narrows the type.
    if (known !== undefined)
      return { ...known, values: statement.values.filter(isValue).map(clean) }

    const { text, values } = render(statement, (n) => `$${n}`)
    const prepared = byText.get(text) ?? { name: `s${byText.size}`, text }
    const bound = values.map(clean)
    if (!byText.has(text) && byText.size >= PREPARED_MAX) return { text, values: bound }
    byText.set(text, prepared)
    if (statement.values.every(isValue)) byTemplate.set(statement.strings, prepared)
    return { ...prepared, values: bound }
  }
}

/**
 * Replaces NUL characters (U+0000) with U+FFFD, because PostgreSQL's TEXT cannot store them. An
 * agent's output may contain them.
 */
const clean = (value: SqlValue): SqlValue =>
  typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\u{FFFD}') : value
