import { z } from 'zod'
import { Argv } from '../domain/argv.ts'
import { AppError } from '../domain/errors.ts'
import { line } from '../domain/text.ts'

/** A check requested by a job: a program and its arguments. */
const AskedCheck = z.strictObject({
  name: line(64),
  run: Argv,
  timeoutMs: z.int().min(1000).max(86_400_000).default(600_000),
})
export type AskedCheck = z.infer<typeof AskedCheck>

/** A job's checks: at most 16, with unique names. */
export const CommandChecks = z
  .array(AskedCheck)
  .max(16)
  .refine(
    (checks) => new Set(checks.map(({ name }) => name)).size === checks.length,
    'two checks have the same name',
  )
  .default([])

/**
 * Parses `name=command line`; the check runs the command line with `sh`. Throws `usage-invalid`.
 */
export function typedCheck(text: string): z.input<typeof AskedCheck> {
  const at = text.indexOf('=')
  const [name, typed] = [text.slice(0, Math.max(0, at)), text.slice(at + 1)]
  if (name !== '' && typed.trim() !== '') return { name, run: ['sh', '-c', typed] }
  throw new AppError(
    'usage-invalid',
    `--check must be "name=command line", such as "test=npm test", not "${text}"`,
  )
}
