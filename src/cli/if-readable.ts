import { isAppError } from '../domain/errors.ts'

/**
 * Waits for the answer to a call whose result the output can do without. Returns null if the token
 * does not allow the call, or if the hub stopped answering.
 */
export async function ifReadable<Answer>(call: Promise<Answer>): Promise<Answer | null> {
  try {
    return await call
  } catch (error) {
    if (isAppError(error) && (error.code === 'scope-missing' || error.retryable)) return null
    throw error
  }
}
