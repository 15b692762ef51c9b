import { z } from 'zod'
import type { Verdict } from '../domain/verdict.ts'

/** The name of this check in verdicts and events. */
export const OBJECTS = 'objects'

/** A file name in which `*` matches any characters except `/`. */
const Pattern = z
  .string()
  .max(255)
  .regex(/^[A-Za-z0-9*][A-Za-z0-9._*-]*(?:\/[A-Za-z0-9*][A-Za-z0-9._*-]*)*$/, {
    error: 'must be a name such as "model.glb" or "images/*.png"',
  })

/** The default minimum number of files. */
const MIN = 1

/** What a job requires of the files made by its generator. */
export const ObjectsAsked = z.strictObject({
  min: z.int().min(0).default(MIN).describe('minimum number of files'),
  required: z
    .array(Pattern)
    .max(100)
    .default([])
    .describe('file names or patterns; each must match at least one file'),
})
export type ObjectsAsked = z.infer<typeof ObjectsAsked>

/** Whether a job sets a requirement that differs from the default, which is at least one file. */
export const namesRequirements = ({ min, required }: ObjectsAsked): boolean =>
  required.length > 0 || min !== MIN

/** The files to judge. `tree` is a digest of their names and contents. */
export type Objects = {
  readonly tree: string
  readonly files: readonly { readonly name: string }[]
}

/** Judges files by name and number. The findings list every requirement that is not met. */
export function checkObjects({ tree, files }: Objects, asked: ObjectsAsked): Verdict {
  const { min, required } = asked
  const findings = [
    ...(files.length < min ? [`number of files: ${files.length} (minimum: ${min})`] : []),
    ...required
      .filter((pattern) => !files.some(({ name }) => matches(name, pattern)))
      .map((pattern) => `no file matches ${pattern}`),
  ]
  const passed = findings.length === 0
  return { check: OBJECTS, tree, passed, findings: findings.join('\n'), durationMs: 0 }
}

function matches(name: string, pattern: string): boolean {
  const [names, patterns] = [name.split('/'), pattern.split('/')]
  return (
    names.length === patterns.length &&
    names.every((part, index) => matchesPart(part, patterns[index] ?? ''))
  )
}

/**
 * Whether a segment of a file name matches a segment of a pattern. Uses no regular expressions,
 * because backtracking would make a pattern with many stars slow.
 */
function matchesPart(name: string, pattern: string): boolean {
  const [first = '', ...others] = pattern.split('*')
  const last = others.pop()
  if (last === undefined) return name === pattern
  if (!name.startsWith(first)) return false
  let at = first.length
  for (const part of others) {
    const found = name.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  return name.length - last.length >= at && name.endsWith(last)
}
