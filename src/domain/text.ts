import { z } from 'zod'

/** Control characters and invisible formatting characters, which can hide text from its reader. */
const HIDDEN = /[\p{Cc}\p{Cf}\u2028\u2029]/u

/** A line of 1 to `max` characters, none of which is a control or invisible character. */
export const line = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((text) => !HIDDEN.test(text), 'contains a control or invisible character')

/** A name that is safe in a label, a lock key and a file name. */
export const Name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'use a-z, 0-9, . _ - (at most 63 characters)')

/** A job's label: a label that the worker must have, or a property of its machine (`os:linux`). */
export const JobLabel = z
  .string()
  .regex(
    /^(?:(?:os|sandbox):)?[a-z0-9][a-z0-9._-]{0,62}$/,
    'use a-z, 0-9, . _ - (at most 63 characters); the prefixes os: and sandbox: are allowed',
  )

/**
 * The name of an artifact or input, for displays and URLs; a `/` separates folders. No part begins with
 * a dot, so none is `..` or a hidden file. No part begins with a dash, so programs do not mistake a
 * name for an option.
 */
export const ArtifactName = z
  .string()
  .max(255)
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}(?:\/[A-Za-z0-9][A-Za-z0-9._-]{0,127})*$/,
    'use letters, digits, . _ - (at most 128), with / between folders (at most 255)',
  )

/**
 * Whether git accepts a person's name. Git ignores control characters, spaces and the punctuation
 * `.,:;<>"\'` at the ends of a name, and rejects the name if nothing remains.
 */
export const isPersonName = (text: string): boolean => /[^\p{Cc} .,:;<>"\\']/u.test(text)

/**
 * What a job demands of its worker in addition to kind and labels, such as `agent:codex`. A demand
 * contains no space, because spaces separate the parts of a lane.
 */
export const Demand = z
  .string()
  .max(300)
  .regex(/^[a-z][a-z0-9-]{0,31}:[^\s*]+$/u, 'must be a word, a colon and a value without spaces')

/** What a worker offers, or a token permits: a demand, or the beginning of a demand followed by `*`. */
export const Offer = z
  .string()
  .max(300)
  .regex(
    /^[a-z][a-z0-9-]{0,31}:[^\s*]*\*?$/u,
    'must be a word, a colon and a value without spaces, which may end with *',
  )

/** Names an external resource that two jobs may not use at once, such as `site:acme` or a path. */
export const LockKey = line(512)

/** Shortens a string to `max` characters by replacing its end with an ellipsis. */
export const clip = (text: string, max: number): string =>
  text.length <= max ? text : `${text.slice(0, max - 1)}…`

/**
 * Shortens a string to `max` characters by replacing its beginning with an ellipsis. Keeps the end,
 * because programs report errors there.
 */
export const clipStart = (text: string, max: number): string =>
  text.length <= max ? text : `…${text.slice(text.length - max + 1)}`

/** Converts camel case to the form of flags: `wallMs` becomes `wall-ms`. */
export const kebab = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/**
 * Shortens a string to `max` characters by cutting out its middle. Keeps both ends, because some
 * programs report errors at the beginning.
 */
export function clipMiddle(text: string, max: number): string {
  if (text.length <= max) return text
  const start = Math.ceil((max - CUT.length) / 2)
  return `${text.slice(0, start)}${CUT}${text.slice(text.length - (max - CUT.length - start))}`
}

const CUT = '\n[…]\n'
