import { z } from 'zod'

const word = (longest: number) =>
  z
    .string()
    .max(longest)
    .refine((text) => !text.includes('\0'), 'must not contain a NUL character')

/** A program and its arguments, started without a shell. */
export const Argv = z.tuple([word(4096).min(1)], word(65_536)).check(z.maxLength(256))
