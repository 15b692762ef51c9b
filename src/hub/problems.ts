import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { AppError } from '../domain/errors.ts'
import type { Logger } from '../platform/log.ts'
import { type Problem, PROBLEM_TYPE, toProblem } from '../protocol/problem.ts'

/** Answers an error as a problem document; what is no AppError is a bug, logged and not explained. */
export function answerProblem(
  error: unknown,
  request: FastifyRequest,
  { reply, log }: { readonly reply: FastifyReply; readonly log: Logger },
): void {
  const known = asAppError(error)
  const problem =
    known ??
    new AppError('hub-error', `The hub hit a bug in ${request.method} ${routeOf(request)}.`)
  if (known === undefined && !isBrokenOff(error, request)) {
    log.error({ err: error, method: request.method, route: routeOf(request) }, 'request hit a bug')
  }
  const retryAfter = problem.details['retryAfterSeconds']
  if (typeof retryAfter === 'number') void reply.header('retry-after', retryAfter)
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer')
  // The rest of a refused body is not worth reading, and must not be taken for the next request.
  if (!request.raw.complete) void reply.header('connection', 'close')
  void reply
    .code(problem.status)
    .type(PROBLEM_TYPE)
    .send(JSON.stringify(toProblem(problem)))
}

/** Its caller went away in the middle of the body: nobody is left to be answered. */
const isBrokenOff = (error: unknown, { raw }: FastifyRequest): boolean =>
  !raw.complete && asFastifyError(error).code === 'ECONNRESET'

/** Answers what is no HTTP request, or one that came too slowly, and ends the connection. */
export function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  // Whatever was already said on this connection must not be mixed with an answer to nonsense.
  if (!socket.writable || socket.bytesWritten > 0) {
    socket.destroy()
    return
  }
  const problem = unreadable(error)
  const { status } = problem
  const body = JSON.stringify(problem)
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${PROBLEM_TYPE}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    () => socket.destroySoon(),
  )
}

function unreadable({ code = '', message }: Error & { code?: string }): Problem {
  // A bad line, not a bad request: the caller may well try again.
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return toProblem(new AppError('request-incomplete', 'The rest of the request did not come.'))
  }
  const what = new AppError('request-invalid', `The request cannot be read: ${code || message}.`)
  return { ...toProblem(what), ...(code === 'HPE_HEADER_OVERFLOW' ? { status: 431 } : {}) }
}

/** The route's pattern: unlike the path it holds no ids. */
export const routeOf = (request: FastifyRequest): string => request.routeOptions.url ?? 'unknown'

function asAppError(error: unknown): AppError | undefined {
  if (error instanceof AppError) return error
  const { statusCode, code, message } = asFastifyError(error)
  if (statusCode === undefined || statusCode < 400 || statusCode > 499) return undefined
  if (statusCode === 413) {
    return new AppError('body-too-large', 'The body is larger than this route takes.')
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new AppError('request-invalid', 'Send the body as Content-Type: application/json.')
  }
  return new AppError('request-invalid', `The request cannot be read: ${message}.`)
}

function asFastifyError(error: unknown): {
  readonly statusCode?: number
  readonly code?: string
  readonly message?: string
} {
  if (!(error instanceof Error)) return {}
  return {
    message: error.message.replace(/\.$/, ''),
    ...('statusCode' in error && typeof error.statusCode === 'number'
      ? { statusCode: error.statusCode }
      : {}),
    ...('code' in error && typeof error.code === 'string' ? { code: error.code } : {}),
  }
}
