import { z } from 'zod'

/** Refuses control characters and invisible Unicode formatting, which hide text from its reader. */
const HIDDEN = /[\p{Cc}\p{Cf}\u2028\u2029]/u

/** One visible line. */
export const line = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((text) => !HIDDEN.test(text), 'holds a control or invisible character')

/** A name that is safe as a label, lock key part or file name part. */
export const Name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'use a-z, 0-9, . _ - (at most 63)')

/** Whether git takes a text for a person's name: it drops these signs at the ends, and wants something left. */
export const isPersonName = (text: string): boolean => /[^\p{Cc} .,:;<>"\\']/u.test(text)

/** Names an outside thing that two jobs must not use at once: `site:acme`, `branch:…`, a path. */
export const LockKey = line(512)

/** At most `max` characters: the end is cut and the cut is shown. */
export const clip = (text: string, max: number): string =>
  text.length <= max ? text : `${text.slice(0, max - 1)}…`

/** At most `max` characters of the end, where programs say what went wrong. */
export const clipStart = (text: string, max: number): string =>
  text.length <= max ? text : `…${text.slice(text.length - max + 1)}`
