import { AppError } from '../domain/errors.ts'

const DEPTH_MAX = 64
const VALUES_MAX = 100_000

/**
 * Throws `request-invalid` for a body that would be expensive to process although it has few bytes:
 * one that is deeply nested or contains very many values.
 */
export function refuseOddJson(body: unknown): void {
  let level: readonly unknown[] = [body]
  let values = 0
  for (let depth = 0; level.length > 0; depth += 1) {
    values += level.length
    if (depth > DEPTH_MAX) {
      throw new AppError('request-invalid', `The body is nested deeper than ${DEPTH_MAX} levels.`)
    }
    if (values > VALUES_MAX) {
      throw new AppError('request-invalid', `The body contains more than ${VALUES_MAX} values.`)
    }
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? Object.values(value) : [],
    )
  }
}
