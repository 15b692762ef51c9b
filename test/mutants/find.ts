import { parseAst } from 'vitest/node'
import { type Change, conditionsOf } from './conditions.ts'

/** Removes one thing: a SQL condition, a guard or an advisory lock. */
export type Mutant = Change & {
  readonly kind: 'condition' | 'guard' | 'lock'
  /** Path relative to the project. */
  readonly path: string
  readonly line: number
  /** The removed code, on one line. */
  readonly was: string
}

type Found = Change & Pick<Mutant, 'kind'>
/** A node of the syntax tree. */
type Node = { readonly type: string; readonly start: number; readonly end: number } & Readonly<
  Record<string, unknown>
>

const EXITS = new Set(['ReturnStatement', 'ThrowStatement', 'ContinueStatement'])
const LOCK = /^(?:tryLock|lock)/

/** All mutants of a TypeScript source, in source order. */
export function findMutants(path: string, source: string): readonly Mutant[] {
  const found = nodesOf(parseAst(source, { lang: 'ts' })).flatMap((node) => [
    ...conditionsIn(node, source),
    ...guardsIn(node, source),
    ...locksIn(node),
  ])
  return found
    .filter(({ start, end, becomes }) => source.slice(start, end) !== becomes)
    .toSorted((one, other) => one.start - other.start)
    .map((change) => ({
      ...change,
      path,
      line: source.slice(0, change.start).split('\n').length,
      was: source.slice(change.start, change.end).replaceAll(/\s+/g, ' '),
    }))
}

/** The source of a mutant. */
export const mutated = (source: string, { start, end, becomes }: Change): string =>
  source.slice(0, start) + becomes + source.slice(end)

function conditionsIn(node: Node, source: string): readonly Found[] {
  if (node.type === 'TemplateLiteral') return conditionsOfTemplate(node, source)
  if (node.type !== 'TaggedTemplateExpression') return []
  const { tag, quasi } = node
  // Templates with a WHERE are found above; these are fragments without one.
  if (!isNode(quasi) || !isNode(tag) || tag['name'] !== 'sql') return []
  return hasWhere(quasi, source) ? [] : conditionsAt(quasi, source)
}

const conditionsOfTemplate = (node: Node, source: string): readonly Found[] =>
  hasWhere(node, source) ? conditionsAt(node, source) : []

const hasWhere = (node: Node, source: string): boolean => /\bWHERE\b/.test(textOf(node, source))

function conditionsAt(template: Node, source: string): readonly Found[] {
  const from = template.start + 1
  const holes = nodesIn(template['expressions'])
  const masked = holes.reduce(
    (text, { start, end }) => {
      const hole = '?'.repeat(end - start + '${}'.length)
      return text.slice(0, start - 2 - from) + hole + text.slice(end + 1 - from)
    },
    source.slice(from, template.end - 1),
  )
  return conditionsOf(masked).map(({ start, end, becomes }) => ({
    kind: 'condition',
    start: start + from,
    end: end + from,
    becomes,
  }))
}

/** An `if` that exits or stops something, the condition of a `while`, a call of `assertGuard`. */
function guardsIn(node: Node, source: string): readonly Found[] {
  if (callee(node) === 'assertGuard') return [guard(node, 'undefined')]
  const { test, consequent } = node
  if (!isNode(test)) return []
  if (node.type === 'WhileStatement') return operands(test, '&&').map((one) => guard(one, 'true'))
  if (node.type !== 'IfStatement' || !isNode(consequent)) return []
  if (!leaves(consequent) && !/\.stop\(/.test(textOf(consequent, source))) return []
  // `tryLock…` calls are found by `locksIn`.
  if (/\btryLock/.test(textOf(test, source))) return []
  if (test['operator'] === '||') return operands(test, '||').map((one) => guard(one, 'false'))
  if (test['operator'] !== '&&') return [guard(test, 'false')]
  return [guard(test, 'false'), ...operands(test, '&&').map((one) => guard(one, 'true'))]
}

const guard = ({ start, end }: Node, becomes: string): Found => ({
  kind: 'guard',
  start,
  end,
  becomes,
})

function leaves(consequent: Node): boolean {
  const last =
    consequent.type === 'BlockStatement' ? nodesIn(consequent['body']).at(-1) : consequent
  return last !== undefined && EXITS.has(last.type)
}

function operands(node: unknown, operator: string): readonly Node[] {
  if (!isNode(node)) return []
  if (node['operator'] !== operator) return [node]
  return [...operands(node['left'], operator), ...operands(node['right'], operator)]
}

function locksIn(node: Node): readonly Found[] {
  const name = callee(node)
  if (name === null || !LOCK.test(name)) return []
  const becomes = name.startsWith('try') ? 'true' : 'undefined'
  return [{ kind: 'lock', start: node.start, end: node.end, becomes }]
}

function callee(node: Node): string | null {
  const called = node['callee']
  if (node.type !== 'CallExpression' || !isNode(called)) return null
  return typeof called['name'] === 'string' ? called['name'] : null
}

const textOf = ({ start, end }: Node, source: string): string => source.slice(start, end)

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && 'start' in value

const nodesIn = (value: unknown): readonly Node[] =>
  Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : []

const nodesOf = (value: unknown): readonly Node[] =>
  nodesIn(value).flatMap((node) => [node, ...Object.values(node).flatMap(nodesOf)])
