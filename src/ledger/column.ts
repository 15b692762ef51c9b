import { z } from 'zod'

/** A text column that holds JSON; the parsed value must match this schema. */
export const json = <Schema extends z.ZodType>(schema: Schema) =>
  z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(schema)

/** A boolean column, stored as 0 or 1. */
export const flag = z.int().transform((value) => value !== 0)
