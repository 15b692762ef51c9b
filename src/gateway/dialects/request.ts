import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'

/** Validates a model request. Throws `request-invalid`, which names the first invalid field. */
export function parseRequest<Shape extends z.ZodType>(
  shape: Shape,
  body: unknown,
): z.output<Shape> {
  const parsed = shape.safeParse(body)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const place = issue === undefined ? '' : z.core.toDotPath(issue.path)
  throw new AppError(
    'request-invalid',
    `The model request is invalid at ${place || 'the top level'}: ${issue?.message ?? 'unknown'}`,
  )
}
