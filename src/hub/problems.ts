import type { Socket } from 'node:net'
import type { FastifyRequest } from 'fastify'
import { AppError } from '../domain/errors.ts'
import type { Logger } from '../platform/log.ts'
import { http } from '../platform/node-http.ts'
import type { Dialect, Reply } from './dialect.ts'

/** Formats an error for a dialect. An error that is not an AppError is a bug: it is logged, not shown. */
export function errorReply(
  error: unknown,
  request: FastifyRequest,
  { dialect, log }: { readonly dialect: Dialect; readonly log: Logger },
): Reply {
  const known = asAppError(error)
  if (known !== undefined) return dialect.problem(known)
  const place = `${request.method} ${routeOf(request)}`
  if (!isBrokenOff(error, request)) {
    log.error({ err: error, method: request.method, route: routeOf(request) }, 'request hit a bug')
  }
  return dialect.problem(new AppError('hub-error', `The hub hit a bug in ${place}.`))
}

/** Whether the caller disconnected in the middle of the body, which is not a bug. */
const isBrokenOff = (error: unknown, { raw }: FastifyRequest): boolean =>
  !raw.complete && asFastifyError(error).code === 'ECONNRESET'

/** Answers invalid HTTP, or a request that timed out, and closes the connection. */
export function answerUnreadable(
  error: Error & { code?: string },
  socket: Socket,
  dialect: Dialect,
): void {
  // The client could mistake this answer for the rest of an earlier one.
  if (!socket.writable || socket.bytesWritten > 0) {
    socket.destroy()
    return
  }
  const { status: usual, headers, body } = dialect.problem(unreadable(error))
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : usual
  const text = typeof body === 'string' ? body : ''
  const lines = Object.entries({ ...dialect.headers, ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  socket.end(
    `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\n${lines.join('')}` +
      `Content-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
    () => socket.destroySoon(),
  )
}

function unreadable({ code = '', message }: Error & { code?: string }): AppError {
  // The connection was too slow, the request is not invalid: the caller may retry.
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new AppError('request-incomplete', 'The rest of the request did not arrive in time.')
  }
  return new AppError('request-invalid', `The request cannot be read: ${code || message}.`)
}

/** The route's pattern, which unlike the path contains no ids. */
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
