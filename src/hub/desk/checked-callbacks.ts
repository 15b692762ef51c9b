import { type CallbackRules, whyRefused } from '../../callbacks/rules.ts'
import type { Callback } from '../../domain/callback.ts'
import { AppError } from '../../domain/errors.ts'

/**
 * Callbacks as they are kept, their addresses as everybody writes them. Throws `callback-refused`
 * for one that may not be called, and `callbacks-off` when this hub could not sign.
 */
export function checkedCallbacks(
  rules: CallbackRules | null,
  callbacks: readonly Callback[] = [],
): Callback[] {
  if (callbacks.length === 0) return []
  if (rules === null) {
    throw new AppError('callbacks-off', 'This hub shares its ledger and has no callback secret.')
  }
  return callbacks.map(({ url, events }) => ({
    url: checked(url, rules),
    events: [...new Set(events)],
  }))
}

function checked(text: string, rules: CallbackRules): string {
  const url = URL.parse(text)
  if (url === null) throw refused(text, 'it is no address')
  const why = whyRefused(url, rules)
  if (why !== null) throw refused(text, why)
  return url.href
}

const refused = (text: string, why: string): AppError =>
  new AppError('callback-refused', `The callback ${JSON.stringify(text)} is refused: ${why}.`)
