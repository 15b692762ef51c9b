import { z } from 'zod'
import { AppError, ERRORS, type ErrorCode } from '../domain/errors.ts'
import { hintText } from '../domain/hint.ts'

/** An error on the wire: a problem document (RFC 9457) with Millwright's code and the next step. */
export const Problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  /** What to do next. */
  fix: z.string(),
  /** `fix` under its old name, for older programs; to be removed with the next protocol. */
  mend: z.string(),
  retryable: z.boolean(),
})
export type Problem = z.infer<typeof Problem>

export const PROBLEM_TYPE = 'application/problem+json'

/** A hub of an earlier version sends only `mend`, one of a later version only `fix`. */
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

/** Rebuilds the error that the hub threw; undefined when the body is not a hub's problem document. */
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
