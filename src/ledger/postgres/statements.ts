import type { QueryConfig } from 'pg'
import { isValue, render, type SqlValue, type Statement } from '../sql.ts'

/** Bound on named prepared statements, which each connection keeps. */
const PREPARED_MAX = 500

type Prepared = { readonly name: string; readonly text: string }
export type Preparer = (statement: Statement) => QueryConfig

/** Names each SQL text, so that a connection parses and plans it once. */
export function preparer(): Preparer {
  const byTemplate = new WeakMap<readonly string[], Prepared>()
  const byText = new Map<string, Prepared>()

  return (statement) => {
    const known = byTemplate.get(statement.strings)
    // Only statements without nested statements are cached by template.
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

/** PostgreSQL's text cannot hold a zero byte; output of an agent may contain one. */
const clean = (value: SqlValue): SqlValue =>
  typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\u{FFFD}') : value
