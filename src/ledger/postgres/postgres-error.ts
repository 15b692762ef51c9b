import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'

const Coded = z.object({ code: z.string(), message: z.string() })

/**
 * SQLSTATEs of a serialization failure and of a deadlock
 * (postgresql.org/docs/15/errcodes-appendix.html).
 */
const TRANSIENT = /^(?:40001|40P01)$/
/**
 * SQLSTATEs of a lost connection, a server that is shutting down or starting, too many connections,
 * a full lock table and the timeouts in `connections.ts`. The last alternatives are Node's error
 * codes for a lost connection.
 */
const UNAVAILABLE =
  /^(?:08...|57P0[1-5]|53[23]00|57014|55P03|25P03|E(?:CONN|PIPE|TIMEDOUT|HOSTUNREACH).*)$/
/** Messages of the errors that `pg` throws without a code if a connection fails or is lost. */
const UNAVAILABLE_MESSAGE =
  /Connection terminated|timeout expired|timeout exceeded when trying to connect|not queryable/
/** Message of the error that `pg` throws after its `query_timeout`. */
const QUERY_TIMEOUT = 'Query read timeout'
const NOT_FOUND = /^(?:ENOTFOUND|EAI_AGAIN|ENOENT)$/
const FULL = '53100'

/**
 * Explanations by SQLSTATE of why a ledger cannot be opened. Lists only problems that an operator
 * can fix.
 */
const REFUSED: Readonly<Record<string, string>> = {
  '28P01': 'the database refuses the password',
  '28000': 'the database refuses this user',
  '3D000': 'the server has no database with this name',
  '42501': 'this user may not create tables in the database',
  '42P01': 'the database has no Millwright tables',
}
const UNREADABLE =
  'its URL is not valid; in the user name and password, write / as %2F, % as %25, and so on'

/**
 * Whether the database rolled the transaction back in favor of another one, so that a retry may
 * succeed.
 */
export const isTransient = (error: unknown): boolean => TRANSIENT.test(codeOf(error))

/**
 * Whether the database did not respond in time. A ROLLBACK would then get no response either, so
 * the caller closes the connection.
 */
export const isQueryTimeout = (error: unknown): boolean => messageOf(error) === QUERY_TIMEOUT

/**
 * Converts an error that an operator can fix to an `AppError`. Returns any other error unchanged,
 * because it is a bug.
 */
export function toAppError(error: unknown): unknown {
  const code = codeOf(error)
  if (code === FULL) {
    return new AppError('disk-full', 'The disk that holds the database is full.', { cause: error })
  }
  const isUnavailable =
    UNAVAILABLE.test(code) ||
    NOT_FOUND.test(code) ||
    UNAVAILABLE_MESSAGE.test(messageOf(error)) ||
    isQueryTimeout(error)
  if (!isUnavailable) return error
  return new AppError('ledger-unavailable', `The database is unreachable: ${messageOf(error)}`, {
    cause: error,
  })
}

/**
 * Like `toAppError`, but for errors that occur while a ledger is being opened. Also explains a
 * wrong URL, credential or database name.
 */
export function toOpeningError(error: unknown, address: string): unknown {
  const isUnreadable = error instanceof URIError || codeOf(error) === 'ERR_INVALID_URL'
  const why = isUnreadable ? UNREADABLE : REFUSED[codeOf(error)]
  if (why !== undefined) {
    return new AppError('ledger-refused', `The ledger ${address} cannot be opened: ${why}.`, {
      cause: error,
    })
  }
  const known = toAppError(error)
  if (!(known instanceof AppError) || known.code !== 'ledger-unavailable') return known
  return new AppError(
    'ledger-unavailable',
    `The ledger ${address} is unreachable: ${messageOf(error)}`,
    {
      cause: error,
    },
  )
}

const codeOf = (error: unknown): string => Coded.safeParse(error).data?.code ?? ''

/**
 * Returns the error's message. If connecting to several addresses fails, Node throws an
 * AggregateError with an empty message; in that case, joins the messages of its errors.
 */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}
