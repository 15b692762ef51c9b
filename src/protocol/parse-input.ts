import { z } from 'zod'
import { AppError, type ErrorCode } from '../domain/errors.ts'
import { nearMiss } from '../domain/near-miss.ts'
import { readPlainly } from '../domain/plain-words.ts'

const ISSUES_SHOWN = 5
const ISSUES_MAX = 20
const KEY_LENGTH_MAX = 64

/**
 * Where an input came from. An error about the input has this `code`, and its field paths start with
 * `where`.
 */
export type InputOrigin = {
  readonly code: Extract<ErrorCode, 'request-invalid' | 'payload-invalid'>
  /** First part of each path in a message, such as `body`, `query` or `payload`; may be empty. */
  readonly where: string
}

/**
 * Parses untrusted input. Throws an AppError that names the invalid fields and, for an unknown key,
 * suggests a similar one. Its detail `errors` lists the path and message of each invalid field.
 */
export function parseInput<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  origin: InputOrigin,
): z.output<Schema> {
  const result = readPlainly(schema, value)
  if (result.ok) return result.value
  const errors = result.faults.slice(0, ISSUES_MAX).map((issue) => ({
    path: [origin.where, ...issue.path.map(String)].filter((part) => part !== '').join('.'),
    message: explain(issue, schema),
  }))
  const shown = errors.slice(0, ISSUES_SHOWN).map(({ path, message }) => located(path, message))
  throw new AppError(origin.code, sentence(shown.join('; ')), { details: { errors } })
}

const sentence = (text: string): string => (/[.?]$/.test(text) ? text : `${text}.`)

/**
 * Joins path and message: with a space if the message starts with a verb (`body.id must be …`),
 * otherwise with a colon (`body: unknown key …`).
 */
function located(path: string, message: string): string {
  if (path === '') return message
  return /^(?:is|has|must) /.test(message) ? `${path} ${message}` : `${path}: ${message}`
}

function explain(issue: z.core.$ZodIssue, schema: z.ZodType): string {
  if (issue.code !== 'unrecognized_keys') return issue.message
  const known = keysAt([schema], issue.path)
  const keys = issue.keys.slice(0, ISSUES_SHOWN).map((key) => key.slice(0, KEY_LENGTH_MAX))
  const parts = keys.map((key) => {
    const meant = nearMiss(key, known)
    return `unknown key ${JSON.stringify(key)}${meant === undefined ? '' : `; did you mean ${meant}?`}`
  })
  const isGuessed = keys.every((key) => nearMiss(key, known) !== undefined)
  return [...parts, ...(isGuessed ? [] : [`known keys: ${known.join(', ')}`])].join('; ')
}

/** The keys that these schemas allow at a path. For a union, the keys of all its members. */
function keysAt(
  schemas: readonly z.core.$ZodType[],
  path: readonly PropertyKey[],
): readonly string[] {
  const here = schemas.flatMap(unwrap)
  const [step, ...rest] = path
  if (step !== undefined)
    return keysAt(
      here.flatMap((schema) => memberAt(schema, step)),
      rest,
    )
  const keys = here.flatMap((schema) =>
    schema instanceof z.ZodObject ? Object.keys(schema.shape) : [],
  )
  return [...new Set(keys)]
}

/** The schemas inside optional, default, union and similar wrappers. */
function unwrap(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault
  ) {
    return unwrap(schema.unwrap())
  }
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(unwrap)
  if (schema instanceof z.ZodPipe) return unwrap(schema.out)
  return [schema]
}

function memberAt(schema: z.core.$ZodType, step: PropertyKey): readonly z.core.$ZodType[] {
  if (schema instanceof z.ZodObject) {
    const member: z.core.$ZodType | undefined = schema.shape[String(step)]
    return member === undefined ? [] : [member]
  }
  if (schema instanceof z.ZodArray) return [schema.element]
  if (schema instanceof z.ZodRecord) return [schema.valueType]
  return []
}
