import { createHash, timingSafeEqual } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { JobId, type RandomBytes } from '../domain/id.ts'
import type { Fence } from '../domain/lease.ts'
import type { Scope } from '../domain/principal.ts'
import type { Ledger } from '../ledger/port.ts'

// The prefix `mw_` and the checksum at the end let secret scanners recognize leaked tokens without
// false positives.
const ACCOUNT = /^mw_([0-9a-f]{16})_[0-9a-f]{64}[0-9a-f]{8}$/
const ATTEMPT = /^mwj_([0-9a-f-]{36})\.([1-9][0-9]{0,6})\.[0-9a-f]{64}[0-9a-f]{8}$/
const CHECKSUM_LENGTH = 8

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const checksum = (text: string): string => crc32(text).toString(16).padStart(CHECKSUM_LENGTH, '0')
const withChecksum = (text: string): string => text + checksum(text)

/** Hashes a token for storage. A slow hash is not needed, because the secret has 256 random bits. */
export const hashToken = (token: string): string => createHash('sha256').update(token).digest('hex')

/** The content of a well-formed token, whose secret has not been verified yet. */
export type ParsedToken =
  | { readonly kind: 'account'; readonly id: string; readonly hash: string }
  | { readonly kind: 'attempt'; readonly fence: Fence; readonly hash: string }

/** Parses a token. Returns null if the token is malformed or its checksum is wrong. */
export function parseToken(text: string): ParsedToken | null {
  if (text.slice(-CHECKSUM_LENGTH) !== checksum(text.slice(0, -CHECKSUM_LENGTH))) return null
  const id = ACCOUNT.exec(text)?.[1]
  if (id !== undefined) return { kind: 'account', id, hash: hashToken(text) }
  const [, job, attempt] = ATTEMPT.exec(text) ?? []
  const jobId = JobId.safeParse(job)
  if (!jobId.success) return null
  const secret = text.slice(text.lastIndexOf('.') + 1)
  const fence = { jobId: jobId.data, attempt: Number(attempt) }
  return { kind: 'attempt', fence, hash: hashToken(secret.slice(0, -CHECKSUM_LENGTH)) }
}

/** Creates a token for a person, program or worker, and stores its hash in the ledger. */
export async function issueToken(
  hub: { readonly ledger: Ledger; readonly random: RandomBytes },
  wanted: {
    readonly name: string
    readonly scopes: readonly Scope[]
    readonly expiresAt: number | null
    /**
     * For a worker's token: patterns for the jobs that the worker may run, such as `kind:code`. If
     * null or missing, the worker may run all jobs.
     */
    readonly lanes?: readonly string[] | null
  },
): Promise<{ readonly id: string; readonly token: string }> {
  const id = hex(hub.random(8))
  const token = withChecksum(`mw_${id}_${hex(hub.random(32))}`)
  await hub.ledger.createToken({
    ...wanted,
    id,
    lanes: wanted.lanes ?? null,
    hash: hashToken(token),
  })
  return { id, token }
}

/**
 * Creates the secret of an attempt's token, and the secret's hash. The claim stores the hash, so
 * the secret is created before the claim, when the attempt is not known yet.
 */
export function attemptSecret(random: RandomBytes): {
  readonly secret: string
  readonly hash: string
} {
  const secret = hex(random(32))
  return { secret, hash: hashToken(secret) }
}

/** Makes an attempt's token from its job, its number and its secret. */
export const attemptToken = (fence: Fence, secret: string): string =>
  withChecksum(`mwj_${fence.jobId}.${fence.attempt}.${secret}`)

/** Compares two hex digests in constant time. */
export function sameDigest(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)]
  return left.length === right.length && timingSafeEqual(left, right)
}
