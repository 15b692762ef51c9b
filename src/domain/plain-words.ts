import { z } from 'zod'

const SHOWN_MAX = 60

type Read<Schema extends z.ZodType> =
  | { readonly ok: true; readonly value: z.output<Schema> }
  | { readonly ok: false; readonly faults: readonly [z.core.$ZodIssue, ...z.core.$ZodIssue[]] }

/**
 * Parses a value that a person wrote. Reports one error per path. Each error message says what was
 * given and what is allowed; callers print the message after the path. Messages defined by the
 * schema are kept.
 */
export function readPlainly<Schema extends z.ZodType>(
  schema: Schema,
  given: unknown,
): Read<Schema> {
  const result = schema.safeParse(given, { error: (issue) => messageFor(issue, given) })
  if (result.success) return { ok: true, value: result.data }
  const [first, ...others] = onePerPath(result.error.issues)
  if (first === undefined) throw result.error
  return { ok: false, faults: [first, ...others] }
}

/**
 * Keeps one issue of each path: the first, which is the most helpful, unless later issues of the
 * path have the same code as the first; then the last of these. For example, if a number exceeds
 * two maxima, the issue with the smaller maximum comes last.
 */
function onePerPath(issues: readonly z.core.$ZodIssue[]): readonly z.core.$ZodIssue[] {
  const kept = new Map<string, z.core.$ZodIssue>()
  for (const issue of issues) {
    const path = JSON.stringify(issue.path.map(String))
    const first = kept.get(path)
    if (first === undefined || first.code === issue.code) kept.set(path, issue)
  }
  return [...kept.values()]
}

function messageFor(issue: z.core.$ZodRawIssue, given: unknown): string | undefined {
  // A failed coercion to a number leaves NaN; the message must show the original text.
  const value = Number.isNaN(issue.input) ? valueAt(given, issue.path ?? []) : issue.input
  switch (issue.code) {
    case 'invalid_type':
      if (value === undefined) return 'is missing'
      return `${shown(value)} is not ${TYPES[issue.expected] ?? `of type ${issue.expected}`}`
    case 'invalid_value':
      return oneOf(value, issue.values)
    case 'too_big':
      return tooBig(value, issue.maximum)
    case 'too_small':
      return tooSmall(value, issue.minimum)
    case 'invalid_format':
      return FORMATS[issue.format]
    case 'invalid_union':
      return issue.discriminator === undefined
        ? anyOf(issue.errors)
        : oneOf(valueAt(value, [issue.discriminator]), Options.parse(issue.options))
    // The schema or the caller defines the messages of these issues.
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
  url: 'must be a URL, such as https://host.example:7373',
  email: 'must be an e-mail address',
  uuid: 'must be a UUID',
}

/** The message for a value that is none of those allowed. */
export function oneOf(value: unknown, allowed: readonly unknown[]): string {
  const list = allowed.map(String).join(', ')
  if (value === undefined) return `is missing: use one of ${list}`
  return `${shown(value)} is not one of ${list}`
}

function tooBig(value: unknown, maximum: Bound): string {
  if (typeof value === 'string') return `has ${value.length} characters; the maximum is ${maximum}`
  if (Array.isArray(value)) return `has ${value.length} entries; the maximum is ${maximum}`
  return `${shown(value)} is too large; the maximum is ${maximum}`
}

function tooSmall(value: unknown, minimum: Bound): string {
  if (value === '' || (Array.isArray(value) && value.length === 0)) return 'is empty'
  if (typeof value === 'string') return `has ${value.length} characters; the minimum is ${minimum}`
  if (Array.isArray(value)) return `has ${value.length} entries; the minimum is ${minimum}`
  return `${shown(value)} is too small; the minimum is ${minimum}`
}

type Bound = number | bigint

/**
 * Makes the message for a value that matches no member of a union. Joins the messages of the
 * members, but leaves out members that expect another type of value.
 */
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

/** Formats a value for a message. Truncates long text, and names only the type of a list or object. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value !== 'string') return String(value)
  return JSON.stringify(value.length > SHOWN_MAX ? `${value.slice(0, SHOWN_MAX)}…` : value)
}
