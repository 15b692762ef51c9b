import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { isIP, type LookupFunction } from 'node:net'
import type { Message, Send, Sent } from '../domain/callback.ts'
import type { Secret } from '../domain/secret.ts'
import { clip } from '../domain/text.ts'
import type { Clock } from '../platform/clock.ts'
import { http, https } from '../platform/node-http.ts'
import { retryAfterMs } from './retry-after.ts'
import { type CallbackRules, hostOf, whyRefused, refusesAddress } from './rules.ts'
import { signedHeaders } from './sign.ts'

/** Timeout of one try in milliseconds, from name resolution to the last byte of the response. */
const TRY_MS = 10_000
/**
 * Maximum number of bytes of a response body that are read and discarded before the connection is
 * closed. Reading them lets the receiver finish its response.
 */
const RESPONSE_BYTES_MAX = 64 * 1024
const ERROR_LENGTH_MAX = 200

/** Resolves a host name to all its IP addresses. Rejects with the errors of `node:dns`. */
export type Resolve = (host: string) => Promise<readonly LookupAddress[]>

export type Sending = {
  readonly rules: CallbackRules
  /** The signing secret, or two of them during a rotation. */
  readonly secrets: readonly Secret[]
  readonly clock: Clock
  /** Millwright's version, sent in the `User-Agent` header. */
  readonly version: string
  /** Resolves the host names of URLs; by default, the machine's resolver. */
  readonly resolve?: Resolve
  readonly tryMs?: number
}

/**
 * Creates the function that sends messages. The function signs each message, sends it only to
 * allowed destinations and does not follow redirects.
 */
export const makeSend =
  (sending: Sending): Send =>
  async (message, signal) => {
    const timeout = AbortSignal.timeout(sending.tryMs ?? TRY_MS)
    try {
      return await sendOnce(sending, message, AbortSignal.any([signal, timeout]))
    } catch (error) {
      if (signal.aborted) return unanswered('the hub stopped before the receiver responded')
      return unanswered(timeout.aborted ? 'the receiver did not respond in time' : describe(error))
    }
  }

async function sendOnce(sending: Sending, message: Message, signal: AbortSignal): Promise<Sent> {
  const { rules, resolve = resolveAll, clock } = sending
  const url = new URL(message.url)
  // Check the URL again, because the rules may have changed since the job was submitted.
  const refused = whyRefused(url, rules)
  if (refused !== null) return unanswered(`the URL is refused: ${refused}`)
  const addresses = await addressesOf(url, resolve, signal)
  if (addresses.some(({ address }) => refusesAddress(url, address, rules))) {
    return unanswered(
      `the URL is refused: ${hostOf(url)} resolves to an IP address that is not public`,
    )
  }
  const response = await post(sending, { message, url, addresses }, signal)
  await drain(response)
  const { statusCode = 0, headers } = response
  return {
    kind: 'answered',
    status: statusCode,
    retryAfterMs: retryAfterMs(headers['retry-after'], clock.now()),
  }
}

const resolveAll: Resolve = (host) => lookup(host, { all: true })

async function addressesOf(
  url: URL,
  resolve: Resolve,
  signal: AbortSignal,
): Promise<readonly LookupAddress[]> {
  const host = hostOf(url)
  const family = isIP(host)
  if (family !== 0) return [{ address: host, family }]
  // A DNS lookup cannot be cancelled, so stop waiting for it when the signal aborts.
  const stopped = once(signal, 'abort').then(() => signal.throwIfAborted())
  const addresses = await Promise.race([resolve(host), stopped])
  if (addresses === undefined || addresses.length === 0)
    throw new Error('the host name has no IP address')
  return addresses
}

type AddressedMessage = {
  readonly message: Message
  readonly url: URL
  /**
   * The IP addresses that passed the check. The request connects only to these, because a second
   * lookup could return others (DNS rebinding).
   */
  readonly addresses: readonly LookupAddress[]
}

async function post(
  { secrets, clock, version }: Sending,
  { message, url, addresses }: AddressedMessage,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { request } = url.protocol === 'https:' ? https : http
  const seconds = Math.floor(clock.now() / 1000)
  const call = request(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(message.body),
      'user-agent': `millwright/${version}`,
      ...signedHeaders(message, seconds, secrets),
    },
    lookup: resolvingTo(addresses),
    agent: false,
    signal,
  })
  const answered = Promise.withResolvers<IncomingMessage>()
  call.on('response', answered.resolve)
  call.on('error', answered.reject)
  call.end(message.body)
  return answered.promise
}

/** A lookup function that always returns these addresses. */
const resolvingTo =
  (addresses: readonly LookupAddress[]): LookupFunction =>
  (_host, { all }, done) => {
    const [first] = addresses
    if (all === true) done(null, [...addresses])
    else done(null, first?.address ?? '', first?.family)
  }

/**
 * Reads and discards the response body. Errors are ignored, because the status is already known.
 */
async function drain(response: IncomingMessage): Promise<void> {
  let bytes = 0
  try {
    for await (const part of response) {
      bytes += Buffer.byteLength(part)
      if (bytes > RESPONSE_BYTES_MAX) break
    }
  } catch {
    response.destroy()
  }
}

const unanswered = (error: string): Sent => ({
  kind: 'unanswered',
  error: clip(error, ERROR_LENGTH_MAX),
})

/**
 * Describes an error. If connecting to several addresses fails, Node throws an AggregateError
 * without a message. This function then describes the first of the errors in it.
 */
function describe(error: unknown): string {
  if (error instanceof AggregateError) return describe(error.errors[0])
  if (error instanceof Error && 'code' in error) return String(error.code)
  return error instanceof Error ? error.message : String(error)
}
