import { isAppError } from '../domain/errors.ts'

/**
 * What a hub answers to a call that only adds to a display. Returns null if the token does not allow
 * the call, or if the hub stopped answering.
 */
export async function ifReadable<Answer>(call: Promise<Answer>): Promise<Answer | null> {
  try {
    return await call
  } catch (error) {
    if (isAppError(error) && (error.code === 'scope-missing' || error.retryable)) return null
    throw error
  }
}
