import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'

/** A request in a dialect's shape. Throws `request-invalid`, naming the first wrong place. */
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
    `The model request is wrong at ${place || 'its top'}: ${issue?.message ?? 'unknown'}`,
  )
}
