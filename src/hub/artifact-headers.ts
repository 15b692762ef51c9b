import type { IncomingHttpHeaders } from 'node:http'
import { AppError } from '../domain/errors.ts'

const MEDIA_TYPE = /^[a-z0-9][\w.+-]{0,63}\/[a-z0-9][\w.+-]{0,63}(?:; ?charset=[\w-]{1,20})?$/i

/** Properties of a stored file that the headers of its download contain. */
export type StoredFile = {
  readonly name: string
  readonly digest: string
  readonly size: number
  readonly mediaType: string
}

/**
 * Returns the headers for a download. They make a browser save the bytes as a file instead of
 * displaying them.
 */
export function artifactHeaders(file: StoredFile): Readonly<Record<string, string>> {
  return {
    'content-type': file.mediaType,
    'content-disposition': attachmentNamed(file.name),
    etag: etagOf(file.digest),
    'accept-ranges': 'bytes',
    'repr-digest': `sha-256=:${Buffer.from(file.digest, 'hex').toString('base64')}:`,
    'cache-control': 'private, no-cache',
  }
}

/**
 * Returns the value of the header Content-Disposition (RFC 6266). It contains the name twice: an
 * ASCII approximation for old clients, and the exact name. The exact name is percent-encoded, so
 * that no character in it can end the header.
 */
export function attachmentNamed(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9._-]/g, '_')
  const exact = encodeURIComponent(name.toWellFormed()).replaceAll(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `attachment; filename="${plain}"; filename*=UTF-8''${exact}`
}

const etagOf = (digest: string): string => `"${digest}"`

/** Whether the caller already has these bytes, according to its If-None-Match header. */
export function isKnownToCaller(headers: IncomingHttpHeaders, digest: string): boolean {
  const tags = (headers['if-none-match'] ?? '')
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes('*') || tags.includes(etagOf(digest))
}

/**
 * Returns the Range header. Returns undefined if the header If-Range names another version of the
 * bytes, because the caller then needs all bytes of this version.
 */
export function rangeFor(headers: IncomingHttpHeaders, digest: string): string | undefined {
  const condition = headers['if-range']
  return condition === undefined || condition === etagOf(digest) ? headers.range : undefined
}

/**
 * Returns the SHA-256 (hex) from the header Content-Digest (RFC 9530), or null if the header is
 * missing or has no SHA-256. Throws `request-invalid` if the SHA-256 is malformed.
 */
export function promisedDigest(headers: IncomingHttpHeaders): string | null {
  const header = headers['content-digest']
  const member = /(?:^|,)\s*sha-256=:([^:]*):/.exec(String(header ?? ''))
  if (member === null) return null
  const digest = Buffer.from(member[1] ?? '', 'base64')
  if (digest.length === 32) return digest.toString('hex')
  throw new AppError(
    'request-invalid',
    'The sha-256 in the header Content-Digest must be 32 bytes in base64.',
  )
}

/**
 * Returns the media type to store with an upload: its Content-Type header, or `application/octet-stream`
 * if that header is missing or malformed.
 */
export function mediaTypeOf(headers: IncomingHttpHeaders): string {
  const type = headers['content-type'] ?? ''
  return MEDIA_TYPE.test(type) ? type : 'application/octet-stream'
}
