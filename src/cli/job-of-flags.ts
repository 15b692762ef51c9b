import { AppError } from '../domain/errors.ts'
import type { Kind, Typed } from '../kinds/kind.ts'
import { readFlags } from '../kinds/read-flags.ts'
import { systemClock } from '../platform/clock.ts'
import { type LocalInput, readInputs } from './inputs.ts'
import type { Prepared } from './many/prepared.ts'
import { SubmissionFlags, submissionOf } from './submission.ts'

/** A command line that describes a job; its values are not validated. */
export type Written = {
  /** The flags by name in camel case. */
  readonly values: Readonly<Record<string, unknown>>
  readonly prompt: string | null
  /** The arguments after `--`. */
  readonly rest: readonly string[]
}

/** Reads the files and folders given with `--input`. Paths are relative to the user's folder. */
export type InputReader = (paths: readonly string[]) => Promise<readonly LocalInput[]>

/**
 * Makes an `InputReader` that caches its results, so that jobs with the same paths share one read.
 * @param note called with the message about skipped files
 */
export function inputReader(cwd: string, note: (text: string) => void): InputReader {
  const known = new Map<string, Promise<readonly LocalInput[]>>()
  const read: InputReader = async (paths) => {
    const { inputs, skipped } = await readInputs(paths, cwd)
    if (skipped !== null) note(skipped)
    return inputs
  }
  return (paths) => {
    const key = JSON.stringify(paths)
    const found = known.get(key) ?? read(paths)
    known.set(key, found)
    return found
  }
}

/** The user's current folder and PATH, and a function that prints warnings. */
export type Here = Pick<Typed, 'cwd' | 'path' | 'note'>

/** Makes a job from a command line. Throws `usage-invalid`, which names the invalid flag. */
export async function jobOfFlags(
  { schema, form }: Kind,
  { values, prompt, rest }: Written,
  { here, inputsOf }: { readonly here: Here; readonly inputsOf: InputReader },
): Promise<Prepared> {
  if (prompt?.trim() === '') throw new AppError('usage-invalid', 'The prompt is empty')
  const payload = await form.payload({ flags: values, prompt, rest, ...here })
  const flags = readFlags(SubmissionFlags, { flags: values })
  const body = submissionOf(flags, { kind: schema.name, payload }, systemClock.now())
  return { body, inputs: await inputsOf(flags.input) }
}
