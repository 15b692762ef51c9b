import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'

const Coded = z.object({ code: z.string(), message: z.string() })

/** SQLSTATEs (postgresql.org/docs/15/errcodes-appendix.html): serialization failure, deadlock. */
const AGAIN = /^(?:40001|40P01)$/
/**
 * Connection lost, shutting down or not yet up, too many connections, no room for more locks, and
 * the time limits that each connection is opened with; then what the operating system and `pg` say
 * of a lost one.
 */
const AWAY =
  /^(?:08...|57P0[1-5]|53[23]00|57014|55P03|25P03|E(?:CONN|PIPE|TIMEDOUT|HOSTUNREACH).*)$/
const AWAY_WORDS =
  /Connection terminated|timeout expired|timeout exceeded when trying to connect|not queryable/
const SILENCE = 'Query read timeout'
const NOT_FOUND = /^(?:ENOTFOUND|EAI_AGAIN|ENOENT)$/
const FULL = '53100'

/** Names of what an operator fixes, when the ledger is opened. */
const REFUSED: Readonly<Record<string, string>> = {
  '28P01': 'it refuses the password',
  '28000': 'it refuses this user',
  '3D000': 'it has no database of this name',
  '42501': 'this user may not make tables there',
  '42P01': 'there are no tables of Millwright',
}
const UNREADABLE =
  'its address cannot be read; in user and password write / as %2F, % as %25, and so on'

/** Whether the transaction was undone for the sake of another and may be tried at once. */
export const isTransient = (error: unknown): boolean => AGAIN.test(codeOf(error))

/** Whether the database did not answer at all, so that there is no use in asking it more. */
export const isSilence = (error: unknown): boolean => wordsOf(error) === SILENCE

/** Gives what an operator can fix its name; the rest is a bug and stays as it is. */
export function named(error: unknown): unknown {
  const code = codeOf(error)
  if (code === FULL) {
    return new AppError('disk-full', 'The disk of the database is full.', { cause: error })
  }
  const isAway = AWAY.test(code) || NOT_FOUND.test(code) || AWAY_WORDS.test(wordsOf(error))
  if (!isAway && !isSilence(error)) return error
  return new AppError('ledger-unavailable', `The database is away: ${wordsOf(error)}`, {
    cause: error,
  })
}

/** The same while the ledger is opened, when address and login have yet to prove right. */
export function namedAtOpening(error: unknown, address: string): unknown {
  const isUnreadable = error instanceof URIError || codeOf(error) === 'ERR_INVALID_URL'
  const why = isUnreadable ? UNREADABLE : REFUSED[codeOf(error)]
  if (why !== undefined) {
    return new AppError('ledger-refused', `The ledger ${address} cannot be opened: ${why}.`, {
      cause: error,
    })
  }
  const known = named(error)
  if (!(known instanceof AppError) || known.code !== 'ledger-unavailable') return known
  return new AppError('ledger-unavailable', `The ledger ${address} is away: ${wordsOf(error)}`, {
    cause: error,
  })
}

const codeOf = (error: unknown): string => Coded.safeParse(error).data?.code ?? ''

/** Node joins the failures of several addresses into one error without words. */
function wordsOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(wordsOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}
