import { AppError } from '../domain/errors.ts'

const DEPTH_MAX = 64
const VALUES_MAX = 100_000

/** Refuses bodies that are small in bytes but expensive to process. Throws `request-invalid`. */
export function refuseOddJson(body: unknown): void {
  let level: readonly unknown[] = [body]
  let values = 0
  for (let depth = 0; level.length > 0; depth += 1) {
    values += level.length
    if (depth > DEPTH_MAX) {
      throw new AppError('request-invalid', `The body is nested deeper than ${DEPTH_MAX} levels.`)
    }
    if (values > VALUES_MAX) {
      throw new AppError('request-invalid', `The body holds more than ${VALUES_MAX} values.`)
    }
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? Object.values(value) : [],
    )
  }
}
