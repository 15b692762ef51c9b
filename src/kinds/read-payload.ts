import type { z } from 'zod'
import type { Work } from '../domain/work.ts'
import { StepFailed } from '../domain/stop.ts'

/**
 * Validates a job's payload on the worker. The hub has validated it before, so an invalid payload
 * comes from a newer version: throws StepFailed `worker-outdated`.
 */
export function readPayload<Schema extends z.ZodType>(
  schema: Schema,
  { payload }: Pick<Work, 'payload'>,
): z.output<Schema> {
  const parsed = schema.safeParse(payload)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new StepFailed('worker-outdated', `payload.${issue?.path.join('.')}: ${issue?.message}`)
}
