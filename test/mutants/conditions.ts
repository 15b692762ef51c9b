/** A range of a text and its replacement in one mutant. */
export type Change = { readonly start: number; readonly end: number; readonly becomes: string }

type Token = {
  readonly text: string
  readonly start: number
  readonly end: number
  readonly depth: number
}

/** Keywords that end a list of conditions at the same nesting depth. */
const AFTER = new Set([
  'DO',
  'GROUP',
  'JOIN',
  'LEFT',
  'LIMIT',
  'ORDER',
  'RETURNING',
  'UNION',
  'WHERE',
])
const STATEMENT = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'WITH', 'FROM', 'WHERE', 'ON'])
const COMPARISON = new Set(['=', '<', '>', 'LIKE', 'EXISTS', 'IN', 'IS'])

/**
 * Mutations of every condition of an SQL text: each conjunct becomes always true, each operand of an
 * OR always false. Holes of the template must be masked with question marks of the same length.
 */
export function conditionsOf(sql: string): readonly Change[] {
  const tokens = tokensOf(sql)
  return tokens.flatMap((token, index) => {
    if (token.text === 'WHERE') return changesOf(clauseFrom(tokens, index + 1, token.depth))
    if (token.text === 'ON' && tokens[index + 1]?.text !== 'CONFLICT') {
      return changesOf(clauseFrom(tokens, index + 1, token.depth))
    }
    if (token.text === '(') {
      return alternativesOf(clauseFrom(tokens, index + 1, token.depth + 1))
    }
    if (index > 0 || !isFragment(tokens)) return []
    return changesOf(clauseFrom(tokens, token.text === 'AND' ? 1 : 0, 0))
  })
}

function tokensOf(sql: string): readonly Token[] {
  let depth = 0
  return Array.from(sql.matchAll(/'[^']*'|"[^"]*"|\?+|[\w.]+|\S/g), ({ 0: text, index }) => {
    if (text === ')') depth -= 1
    const token = { text, start: index, end: index + text.length, depth }
    if (text === '(') depth += 1
    return token
  })
}

/** Whether the text is a fragment for the WHERE clause of another statement. */
const isFragment = (tokens: readonly Token[]): boolean => {
  const outer = tokens.filter(({ depth }) => depth === 0).map(({ text }) => text)
  return !outer.some((text) => STATEMENT.has(text)) && outer.some((text) => COMPARISON.has(text))
}

type Clause = { readonly tokens: readonly Token[]; readonly depth: number }

function clauseFrom(tokens: readonly Token[], from: number, depth: number): Clause {
  const rest = tokens.slice(from)
  const end = rest.findIndex(
    (token) => token.depth < depth || (token.depth === depth && AFTER.has(token.text)),
  )
  return { tokens: end === -1 ? rest : rest.slice(0, end), depth }
}

function changesOf(clause: Clause): readonly Change[] {
  const alternatives = alternativesOf(clause)
  const parts = alternatives.length > 0 ? [clause.tokens] : split(clause, 'AND')
  return [...parts.map((part) => change(part, '1 = 1')), ...alternatives]
}

function alternativesOf(clause: Clause): readonly Change[] {
  const parts = split(clause, 'OR')
  return parts.length < 2 ? [] : parts.map((part) => change(part, '1 = 0'))
}

function split({ tokens, depth }: Clause, word: string): readonly (readonly Token[])[] {
  const parts: Token[][] = [[]]
  for (const token of tokens) {
    if (token.depth === depth && token.text === word) parts.push([])
    else parts.at(-1)?.push(token)
  }
  return parts
}

function change(part: readonly Token[], becomes: string): Change {
  const [first, last] = [part[0], part.at(-1)]
  if (first === undefined || last === undefined) throw new Error('a condition without tokens')
  return { start: first.start, end: last.end, becomes }
}
