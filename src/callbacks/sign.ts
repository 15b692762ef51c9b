import { createHmac } from 'node:crypto'
import type { Secret } from '../domain/secret.ts'

const PREFIX = 'whsec_'

/** Makes a secret of bytes that nobody can guess. */
export const callbackSecretOf = (bytes: Uint8Array): string =>
  PREFIX + Buffer.from(bytes).toString('base64')

/**
 * The headers by which a receiver knows who sent a message (standardwebhooks.com): a signature by
 * each secret, so that one can be replaced while receivers know only the other.
 * @param seconds since the epoch, of this try
 */
export function signedHeaders(
  message: { readonly id: string; readonly body: string },
  seconds: number,
  secrets: readonly Secret[],
): Readonly<Record<string, string>> {
  const signed = `${message.id}.${seconds}.${message.body}`
  const signatures = secrets.map((secret) => {
    const hmac = createHmac('sha256', keyOf(secret.reveal())).update(signed)
    return `v1,${hmac.digest('base64')}`
  })
  return {
    'webhook-id': message.id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': signatures.join(' '),
  }
}

const keyOf = (text: string): Buffer => Buffer.from(text.slice(PREFIX.length), 'base64')
