import type { Socket } from 'node:net'
import type { FastifyRequest } from 'fastify'
import { AppError } from '../domain/errors.ts'
import type { Logger } from '../platform/log.ts'
import { http } from '../platform/node-http.ts'
import type { Dialect, Reply } from './dialect.ts'

/**
 * Formats an error in the dialect's format. An error that is not an AppError is a bug: the hub logs
 * its message, but does not send it to the caller.
 */
export function errorReply(
  error: unknown,
  request: FastifyRequest,
  { dialect, log }: { readonly dialect: Dialect; readonly log: Logger },
): Reply {
  const known = asAppError(error)
  if (known !== undefined) return dialect.problem(known)
  const place = `${request.method} ${routeOf(request)}`
  if (!isBrokenOff(error, request)) {
    log.error(
      { err: error, method: request.method, route: routeOf(request) },
      'a request failed because of a bug',
    )
  }
  return dialect.problem(
    new AppError('hub-error', `The hub failed to handle ${place} because of a bug.`),
  )
}

/** Whether the caller disconnected while it was sending the body, which is not a bug. */
const isBrokenOff = (error: unknown, { raw }: FastifyRequest): boolean =>
  !raw.complete && asFastifyError(error).code === 'ECONNRESET'

/** Responds to invalid HTTP, or to a request that timed out, and closes the connection. */
export function answerUnreadable(
  error: Error & { code?: string },
  socket: Socket,
  dialect: Dialect,
): void {
  // If the hub has already sent bytes on this connection, send no response, because the client
  // could mistake it for the rest of an earlier response.
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
  // A slow request is not invalid, so its error code is one that allows a retry.
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new AppError('request-incomplete', 'The rest of the request did not arrive in time.')
  }
  return new AppError('request-invalid', `The request cannot be read: ${code || message}.`)
}

/** The route's path pattern, such as `/jobs/:job`. Unlike the path itself, it contains no ids. */
export const routeOf = (request: FastifyRequest): string => request.routeOptions.url ?? 'unknown'

function asAppError(error: unknown): AppError | undefined {
  if (error instanceof AppError) return error
  const { statusCode, code, message } = asFastifyError(error)
  if (statusCode === undefined || statusCode < 400 || statusCode > 499) return undefined
  if (statusCode === 413) {
    return new AppError('body-too-large', 'The body is larger than this route allows.')
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new AppError(
      'request-invalid',
      'The body must be JSON, sent with Content-Type: application/json.',
    )
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
