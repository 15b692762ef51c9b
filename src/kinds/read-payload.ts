import type { z } from 'zod'
import type { Work } from '../domain/work.ts'
import { StepFailed } from '../domain/stop.ts'

/**
 * Validates a job's payload on the worker. Throws StepFailed `worker-outdated` if the payload is
 * invalid: the hub accepted the payload, so the hub must be newer than this worker.
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
