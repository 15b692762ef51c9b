import type { z } from 'zod'
import type { Work } from '../domain/work.ts'
import { StepFailed } from '../domain/stop.ts'

/**
 * A job's payload, for the worker. The hub has checked it, so what is unknown here is newer than this
 * worker: throws StepFailed `worker-outdated`.
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
