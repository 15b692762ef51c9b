import { z } from 'zod'
import { AppError, ERRORS, type ErrorCode } from '../domain/errors.ts'
import { hintText } from '../domain/hint.ts'

/** An error as JSON: a problem document (RFC 9457) with Millwright's error code and the next step. */
export const Problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  /** What the caller can do next. */
  fix: z.string(),
  /** The same text as `fix`, for older programs, which read this name. Remove in protocol 3. */
  mend: z.string(),
  retryable: z.boolean(),
})
export type Problem = z.infer<typeof Problem>

export const PROBLEM_TYPE = 'application/problem+json'

/** An older hub sends only `mend`; a newer hub may send only `fix`. */
const ReceivedProblem = Problem.partial({ fix: true, mend: true }).refine(
  ({ fix, mend }) => (fix ?? mend) !== undefined,
)

export function toProblem(error: AppError): Problem {
  const fix = hintText(error.fix)
  return {
    ...error.details,
    type: `urn:millwright:error:${error.code}`,
    title: error.code.replaceAll('-', ' '),
    status: error.status,
    detail: error.message,
    code: error.code,
    fix,
    mend: fix,
    retryable: error.retryable,
  }
}

const isErrorCode = (text: string): text is ErrorCode => Object.hasOwn(ERRORS, text)

/**
 * Converts a response body back to the error that the hub threw. Returns undefined if the body is not
 * a problem document, or if its code is unknown to this version.
 */
export function fromProblem(body: unknown): AppError | undefined {
  const problem = ReceivedProblem.safeParse(body)
  if (!problem.success || !isErrorCode(problem.data.code)) return undefined
  const {
    type: _type,
    title: _title,
    status: _status,
    detail,
    code: _code,
    fix: _fix,
    mend: _mend,
    retryable: _retryable,
    ...details
  } = problem.data
  return new AppError(problem.data.code, detail, { details })
}
