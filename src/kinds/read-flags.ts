import type { z } from 'zod'
import { AppError } from '../domain/errors.ts'
import { readPlainly } from '../domain/plain-words.ts'
import { kebab } from '../domain/text.ts'
import type { Typed } from './kind.ts'

/** Validates the flags of a kind. Throws `usage-invalid` for the first invalid flag. */
export function readFlags<Schema extends z.ZodType>(
  schema: Schema,
  { flags }: Pick<Typed, 'flags'>,
): z.output<Schema> {
  const parsed = readPlainly(schema, flags)
  if (parsed.ok) return parsed.value
  const [{ path, message }] = parsed.faults
  throw new AppError('usage-invalid', `--${kebab(String(path[0]))}: ${message}`)
}
