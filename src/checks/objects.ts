import { z } from 'zod'
import type { Verdict } from '../domain/verdict.ts'

/** The name of this check in verdicts and events. */
export const OBJECTS = 'objects'

/** The name of a file, in which `*` stands for any part of a name; it never crosses a `/`. */
const Pattern = z
  .string()
  .max(255)
  .regex(/^[A-Za-z0-9*][A-Za-z0-9._*-]*(?:\/[A-Za-z0-9*][A-Za-z0-9._*-]*)*$/, {
    error: 'must be a name such as model.glb or images/*.png',
  })

/** What a job demands of the files that were made for it. */
export const ObjectsAsked = z.strictObject({
  min: z.int().min(0).default(1).describe('fewest files'),
  required: z.array(Pattern).max(100).default([]).describe('each matches at least one file'),
})
export type ObjectsAsked = z.infer<typeof ObjectsAsked>

/** Made files, and the id of exactly this set of them. */
export type Objects = {
  readonly tree: string
  readonly files: readonly { readonly name: string }[]
}

/** Judges files by their names and number; the findings name every demand that is not met. */
export function checkObjects({ tree, files }: Objects, asked: ObjectsAsked): Verdict {
  const { min, required } = asked
  const findings = [
    ...(files.length < min ? [`${files.length} files, at least ${min} are required`] : []),
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

/** Without regular expressions: a pattern of many stars must not cost more than one pass. */
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
