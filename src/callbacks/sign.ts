import { createHmac } from 'node:crypto'
import type { Secret } from '../domain/secret.ts'

const PREFIX = 'whsec_'

/** Encodes random bytes as a Standard Webhooks secret. */
export const callbackSecretOf = (bytes: Uint8Array): string =>
  PREFIX + Buffer.from(bytes).toString('base64')

/**
 * Returns the headers that let a receiver verify a message (standardwebhooks.com). They contain one
 * signature per secret, so that during a rotation a receiver can verify the message with either
 * secret.
 * @param seconds time of this try, in seconds since the epoch
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
