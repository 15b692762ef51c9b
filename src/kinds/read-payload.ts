import type { z } from 'zod'
import type { Work } from '../domain/work.ts'
import { StepFailed } from '../domain/stop.ts'

/**
 * Validates a job's payload on the worker. If the payload is invalid, throws StepFailed
 * `worker-outdated`: the hub has already accepted the payload, so the hub has a newer version.
 */
export function readPayload<Schema extends z.ZodType>(
  schema: Schema,
  { payload }: Pick<Work, 'payload'>,
): z.output<Schema> {
  const parsed = schema.safeParse(payload)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new StepFailed(
    'worker-outdated',
    `this worker cannot read "payload.${issue?.path.join('.')}": ${issue?.message}`,
  )
}
