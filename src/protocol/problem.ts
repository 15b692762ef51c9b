import { z } from 'zod'
import { AppError, ERRORS, type ErrorCode } from '../domain/errors.ts'

/** The wire form of an error: RFC 9457, with our code and the next step. */
export const Problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  mend: z.string(),
  retryable: z.boolean(),
})
export type Problem = z.infer<typeof Problem>

export const PROBLEM_TYPE = 'application/problem+json'

export function toProblem(error: AppError): Problem {
  return {
    ...error.details,
    type: `urn:millwright:error:${error.code}`,
    title: error.code.replaceAll('-', ' '),
    status: error.status,
    detail: error.message,
    code: error.code,
    mend: error.mend,
    retryable: error.retryable,
  }
}

const isErrorCode = (text: string): text is ErrorCode => Object.hasOwn(ERRORS, text)

/** Rebuilds the error that the hub threw; undefined when the answer is not one of ours. */
export function fromProblem(body: unknown): AppError | undefined {
  const problem = Problem.safeParse(body)
  if (!problem.success || !isErrorCode(problem.data.code)) return undefined
  const {
    type: _type,
    title: _title,
    status: _status,
    detail,
    code: _code,
    mend: _mend,
    retryable: _retryable,
    ...details
  } = problem.data
  return new AppError(problem.data.code, detail, { details })
}
