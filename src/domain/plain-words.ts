import { z } from 'zod'

const SHOWN_MAX = 60

type Read<Schema extends z.ZodType> =
  | { readonly ok: true; readonly value: z.output<Schema> }
  | { readonly ok: false; readonly faults: readonly [z.core.$ZodIssue, ...z.core.$ZodIssue[]] }

/**
 * Parses what a person wrote. A fault's message says what was given and what is allowed, in words
 * that fit behind the name of its place; a schema with words of its own keeps them. One fault each
 * place.
 */
export function readPlainly<Schema extends z.ZodType>(
  schema: Schema,
  given: unknown,
): Read<Schema> {
  const result = schema.safeParse(given, { error: (issue) => wordsFor(issue, given) })
  if (result.success) return { ok: true, value: result.data }
  const [first, ...others] = oneForEachPlace(result.error.issues)
  if (first === undefined) throw result.error
  return { ok: false, faults: [first, ...others] }
}

/** Of two limits that a number breaks the later is the narrower; else the first fault says most. */
function oneForEachPlace(issues: readonly z.core.$ZodIssue[]): readonly z.core.$ZodIssue[] {
  const kept = new Map<string, z.core.$ZodIssue>()
  for (const issue of issues) {
    const place = JSON.stringify(issue.path.map(String))
    const first = kept.get(place)
    if (first === undefined || first.code === issue.code) kept.set(place, issue)
  }
  return [...kept.values()]
}

function wordsFor(issue: z.core.$ZodRawIssue, given: unknown): string | undefined {
  // What was coerced in vain is no longer what somebody wrote.
  const value = Number.isNaN(issue.input) ? valueAt(given, issue.path ?? []) : issue.input
  switch (issue.code) {
    case 'invalid_type':
      if (value === undefined) return 'is missing'
      return `${shown(value)} is not ${TYPES[issue.expected] ?? `of type ${issue.expected}`}`
    case 'invalid_value':
      return oneOf(value, issue.values)
    case 'too_big':
      return outside(value, `at most ${issue.maximum}`)
    case 'too_small':
      return outside(value, `at least ${issue.minimum}`)
    case 'invalid_format':
      return FORMATS[issue.format]
    case 'invalid_union':
      return issue.discriminator === undefined
        ? anyOf(issue.errors)
        : oneOf(valueAt(value, [issue.discriminator]), Options.parse(issue.options))
    // Their schemas have words of their own, or the caller words them.
    case 'unrecognized_keys':
    case 'custom':
    case 'not_multiple_of':
    case 'invalid_key':
    case 'invalid_element':
      return undefined
  }
}

const Options = z.array(z.unknown()).catch([])

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'an object',
  record: 'an object',
}

const FORMATS: Readonly<Record<string, string>> = {
  url: 'must be an address such as https://host.example:7373',
  email: 'must be an e-mail address',
  uuid: 'must be a UUID',
}

function oneOf(value: unknown, allowed: readonly unknown[]): string {
  const list = allowed.map(String).join(', ')
  if (value === undefined) return `is missing: one of ${list}`
  return `${shown(value)} is not one of ${list}`
}

function outside(value: unknown, bound: string): string {
  if (value === '' || (Array.isArray(value) && value.length === 0)) return 'is empty'
  if (typeof value === 'string') return `has ${value.length} characters, ${bound} are allowed`
  if (Array.isArray(value)) return `has ${value.length} entries, ${bound} are allowed`
  return `${shown(value)} is not allowed, ${bound} is`
}

/** The members that take such a value at all say best what is wrong with it. */
function anyOf(members: readonly (readonly z.core.$ZodIssue[])[]): string {
  const near = members.filter(([issue]) => issue?.code !== 'invalid_type' || issue.path.length > 0)
  const words = (near.length === 0 ? members : near).flatMap(([issue]) =>
    issue === undefined ? [] : [[...issue.path.map(String), issue.message].join(': ')],
  )
  return [...new Set(words)].join(', or ')
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let here = value
  for (const step of path) {
    if (typeof here !== 'object' || here === null) return undefined
    here = Reflect.get(here, step)
  }
  return here
}

/** Short, and never more of it than its kind where it is large. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value !== 'string') return String(value)
  return JSON.stringify(value.length > SHOWN_MAX ? `${value.slice(0, SHOWN_MAX)}…` : value)
}
