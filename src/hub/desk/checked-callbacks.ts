import { type CallbackRules, whyRefused } from '../../callbacks/rules.ts'
import type { Callback } from '../../domain/callback.ts'
import { AppError } from '../../domain/errors.ts'

/**
 * Validates callbacks and normalizes their URLs. Throws `callback-refused` for an address that the
 * hub may not call, and `callbacks-off` when this hub has no secret to sign with.
 */
export function checkedCallbacks(
  rules: CallbackRules | null,
  callbacks: readonly Callback[] = [],
): Callback[] {
  if (callbacks.length === 0) return []
  if (rules === null) {
    throw new AppError(
      'callbacks-off',
      'This hub shares its ledger with others and has no callback secret.',
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
  new AppError('callback-refused', `The callback ${JSON.stringify(text)} is refused: ${why}.`)
