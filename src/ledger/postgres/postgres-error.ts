import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'

const Coded = z.object({ code: z.string(), message: z.string() })

/** SQLSTATEs (postgresql.org/docs/15/errcodes-appendix.html): serialization failure, deadlock. */
const TRANSIENT = /^(?:40001|40P01)$/
/**
 * SQLSTATEs for a lost connection, shutdown, startup, too many connections, a full lock table and the
 * timeouts of `connections.ts`; then the operating system's codes for a lost connection.
 */
const UNAVAILABLE =
  /^(?:08...|57P0[1-5]|53[23]00|57014|55P03|25P03|E(?:CONN|PIPE|TIMEDOUT|HOSTUNREACH).*)$/
/** Messages of `pg` for a lost connection, which has no code. */
const UNAVAILABLE_MESSAGE =
  /Connection terminated|timeout expired|timeout exceeded when trying to connect|not queryable/
/** Message of `pg` for its `query_timeout`. */
const QUERY_TIMEOUT = 'Query read timeout'
const NOT_FOUND = /^(?:ENOTFOUND|EAI_AGAIN|ENOENT)$/
const FULL = '53100'

/** Reasons, by SQLSTATE, that an operator can fix when opening the ledger fails. */
const REFUSED: Readonly<Record<string, string>> = {
  '28P01': 'the database refuses the password',
  '28000': 'the database refuses this user',
  '3D000': 'the server has no database of this name',
  '42501': 'this user may not create tables in it',
  '42P01': 'the database has no Millwright tables',
}
const UNREADABLE =
  'its address is not a valid URL; in user and password write / as %2F, % as %25, and so on'

/** Whether the database rolled the transaction back in favor of another, so that a retry may succeed. */
export const isTransient = (error: unknown): boolean => TRANSIENT.test(codeOf(error))

/** Whether the database did not respond in time, so that even a ROLLBACK is pointless. */
export const isQueryTimeout = (error: unknown): boolean => messageOf(error) === QUERY_TIMEOUT

/** Converts an error that an operator can fix to an `AppError`; returns any other error, a bug, unchanged. */
export function toAppError(error: unknown): unknown {
  const code = codeOf(error)
  if (code === FULL) {
    return new AppError('disk-full', 'The disk of the database is full.', { cause: error })
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

/** Like `toAppError`, while the ledger is opened: also explains a wrong address, login or database. */
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

/** Node reports failures to connect to several addresses as an AggregateError with an empty message. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}
