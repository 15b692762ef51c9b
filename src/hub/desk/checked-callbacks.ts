import { type CallbackRules, whyRefused } from '../../callbacks/rules.ts'
import type { Callback } from '../../domain/callback.ts'
import { AppError } from '../../domain/errors.ts'

/**
 * Validates callbacks and normalizes their URLs. Throws `callback-refused` if this hub may not call
 * one of the URLs, and `callbacks-off` if this hub has no secret with which to sign messages.
 */
export function checkedCallbacks(
  rules: CallbackRules | null,
  callbacks: readonly Callback[] = [],
): Callback[] {
  if (callbacks.length === 0) return []
  if (rules === null) {
    throw new AppError(
      'callbacks-off',
      'This hub has no callback secret, which it needs because it shares its ledger with other hubs.',
    )
  }
  return callbacks.map(({ url, events }) => ({
    url: checked(url, rules),
    events: [...new Set(events)],
  }))
}

function checked(text: string, rules: CallbackRules): string {
  const url = URL.parse(text)
  if (url === null) throw refused(text, 'it is not a URL')
  const why = whyRefused(url, rules)
  if (why !== null) throw refused(text, why)
  return url.href
}

const refused = (text: string, why: string): AppError =>
  new AppError(
    'callback-refused',
    `The hub may not call the callback ${JSON.stringify(text)}: ${why}.`,
  )
