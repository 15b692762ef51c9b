/** What a statement may carry. Flags are 0 and 1, JSON is text. */
export type SqlValue = string | number | null

/** SQL text with holes, as the template gave it; a hole holds a bound value or another statement. */
export type Statement = {
  readonly strings: readonly string[]
  readonly values: readonly (SqlValue | Statement)[]
}

/** A statement as one engine runs it. */
export type Rendered = { readonly text: string; readonly values: readonly SqlValue[] }

/** Writes SQL. Every ${value} becomes a bound parameter, every ${statement} a part of the text. */
export const sql = (
  strings: TemplateStringsArray,
  ...values: readonly (SqlValue | Statement)[]
): Statement => ({ strings, values })

/** Values with commas between them, for `IN (…)`. At least one, because `IN ()` is not SQL. */
export const list = (values: readonly [SqlValue, ...SqlValue[]]): Statement => join(values, ', ')

/** Statements or values with a text between them; the text is trusted. */
export const join = (parts: readonly (SqlValue | Statement)[], between: string): Statement => ({
  strings: ['', ...parts.slice(1).map(() => between), ''],
  values: parts,
})

export const isValue = (part: SqlValue | Statement): part is SqlValue =>
  typeof part !== 'object' || part === null

/** @param placeholder how the engine writes its n-th parameter, counted from 1: `?` or `$n` */
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
