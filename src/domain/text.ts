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

/**
 * The name of an artifact or input: shown to people and used in addresses, never a path on a disk by
 * itself. `/` makes a tree of them; no part is hidden, an option of some program, or `..`.
 */
export const ArtifactName = z
  .string()
  .max(255)
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}(?:\/[A-Za-z0-9][A-Za-z0-9._-]{0,127})*$/,
    'use letters, digits, . _ - (at most 128), with / between folders (at most 255)',
  )

/** Whether git takes a text for a person's name: it drops these signs at the ends, and wants something left. */
export const isPersonName = (text: string): boolean => /[^\p{Cc} .,:;<>"\\']/u.test(text)

/**
 * What a job demands of its worker beside kind and labels, such as `agent:codex`. It becomes a part
 * of the job's lane, so it holds no space.
 */
export const Demand = z
  .string()
  .max(300)
  .regex(/^[a-z][a-z0-9-]{0,31}:[^\s*]+$/u, 'must be a word, a colon and a value without spaces')

/** What a worker offers, or a token is restricted to: a demand, perhaps with * for the rest of it. */
export const Offer = z
  .string()
  .max(300)
  .regex(
    /^[a-z][a-z0-9-]{0,31}:[^\s*]*\*?$/u,
    'must be a word, a colon and a value without spaces, which may end with *',
  )

/** Names an outside thing that two jobs must not use at once: `site:acme`, `branch:…`, a path. */
export const LockKey = line(512)

/** At most `max` characters: the end is cut and the cut is shown. */
export const clip = (text: string, max: number): string =>
  text.length <= max ? text : `${text.slice(0, max - 1)}…`

/** At most `max` characters of the end, where programs say what went wrong. */
export const clipStart = (text: string, max: number): string =>
  text.length <= max ? text : `…${text.slice(text.length - max + 1)}`

/** A name in camel case as people type it: `wallMs` is wall-ms. */
export const kebab = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
/** At most `max` characters of the beginning and the end, where programs say what went wrong. */
export function clipMiddle(text: string, max: number): string {
  if (text.length <= max) return text
  const start = Math.ceil((max - CUT.length) / 2)
  return `${text.slice(0, start)}${CUT}${text.slice(text.length - (max - CUT.length - start))}`
}

const CUT = '\n[…]\n'
