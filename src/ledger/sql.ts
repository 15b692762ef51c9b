/** A bound value. Booleans are passed as 0 or 1, and JSON is passed as text. */
export type SqlValue = string | number | null

/** SQL text with placeholders; each is filled with a bound value or a nested statement. */
export type Statement = {
  readonly strings: readonly string[]
  readonly values: readonly (SqlValue | Statement)[]
}

/** A statement as SQL text with one engine's placeholders, and the values bound to them. */
export type Rendered = { readonly text: string; readonly values: readonly SqlValue[] }

/**
 * Template tag for SQL. A value becomes a bound parameter; a nested statement becomes part of the
 * text.
 */
export const sql = (
  strings: TemplateStringsArray,
  ...values: readonly (SqlValue | Statement)[]
): Statement => ({ strings, values })

/**
 * Comma-separated values for `IN (…)`. At least one is required, because `IN ()` is not valid SQL.
 */
export const list = (values: readonly [SqlValue, ...SqlValue[]]): Statement => join(values, ', ')

/** Joins statements or values with the SQL text `between`, which must not come from user input. */
export const join = (parts: readonly (SqlValue | Statement)[], between: string): Statement => ({
  strings: ['', ...parts.slice(1).map(() => between), ''],
  values: parts,
})

export const isValue = (part: SqlValue | Statement): part is SqlValue =>
  typeof part !== 'object' || part === null

/**
 * @param placeholder returns the engine's placeholder for parameter number `n`, counted from 1: `?`
 * or `$n`
 */
export function render(statement: Statement, placeholder: (n: number) => string): Rendered {
  const values: SqlValue[] = []
  const write = ({ strings, values: holes }: Statement): string =>
    strings.reduce((text, part, index) => {
      const hole = holes[index - 1]
      if (hole === undefined) return text + part
      if (!isValue(hole)) return text + write(hole) + part
      values.push(hole)
      return text + placeholder(values.length) + part
    }, '')
  return { text: write(statement), values }
}
