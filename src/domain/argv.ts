import { z } from 'zod'

const word = (longest: number) =>
  z
    .string()
    .max(longest)
    .refine((text) => !text.includes('\0'), 'may not hold a NUL, which no program can be given')

/** A program and its arguments; no shell is put around it. */
export const Argv = z.tuple([word(4096).min(1)], word(65_536)).check(z.maxLength(256))
