import type { QueryConfig } from 'pg'
import { isValue, render, type SqlValue, type Statement } from '../sql.ts'

/** Texts whose parts vary are prepared by each connection; more than this many would be a leak. */
const PREPARED_MAX = 500

type Prepared = { readonly name: string; readonly text: string }
export type Preparer = (statement: Statement) => QueryConfig

/** Gives each text a name, by which a connection plans it once. */
export function preparer(): Preparer {
  const byTemplate = new WeakMap<readonly string[], Prepared>()
  const byText = new Map<string, Prepared>()

  return (statement) => {
    const known = byTemplate.get(statement.strings)
    // Only what holds no other statement is kept by its template.
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

/** PostgreSQL's text holds no zero byte; what an agent says may. */
const clean = (value: SqlValue): SqlValue =>
  typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\u{FFFD}') : value
