import { createHash, timingSafeEqual } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { JobId, type RandomBytes } from '../domain/id.ts'
import type { Fence } from '../domain/lease.ts'
import type { Scope } from '../domain/principal.ts'
import type { Ledger } from '../ledger/port.ts'

// The prefix and the checksum let secret scanners find a leaked token without false alarms.
const ACCOUNT = /^mw_([0-9a-f]{16})_[0-9a-f]{64}[0-9a-f]{8}$/
const ATTEMPT = /^mwj_([0-9a-f-]{36})\.([1-9][0-9]{0,6})\.[0-9a-f]{64}[0-9a-f]{8}$/
const CHECKSUM_LENGTH = 8

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const checksum = (text: string): string => crc32(text).toString(16).padStart(CHECKSUM_LENGTH, '0')
const withChecksum = (text: string): string => text + checksum(text)

/** What the ledger keeps instead of a token. A 256-bit secret needs no slow hash. */
export const hashToken = (token: string): string => createHash('sha256').update(token).digest('hex')

/** What a text that looks like a token claims to be; nothing of it is proven yet. */
export type ParsedToken =
  | { readonly kind: 'account'; readonly id: string; readonly hash: string }
  | { readonly kind: 'attempt'; readonly fence: Fence; readonly hash: string }

/** Reads a token; null when it is none or was mistyped. */
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

/** Makes a token of a person, program or worker, and lets the ledger know it. Returns id and token. */
export async function issueToken(
  hub: { readonly ledger: Ledger; readonly random: RandomBytes },
  wanted: {
    readonly name: string
    readonly scopes: readonly Scope[]
    readonly expiresAt: number | null
    /** What a worker’s token is restricted to; without it, nothing. */
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

/** The secret half of an attempt's token, made before its lease is known. */
export function attemptSecret(random: RandomBytes): {
  readonly secret: string
  readonly hash: string
} {
  const secret = hex(random(32))
  return { secret, hash: hashToken(secret) }
}

/** The whole token of an attempt. */
export const attemptToken = (fence: Fence, secret: string): string =>
  withChecksum(`mwj_${fence.jobId}.${fence.attempt}.${secret}`)

/** Compares two hex digests in a time that does not tell where they differ. */
export function sameDigest(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)]
  return left.length === right.length && timingSafeEqual(left, right)
}
