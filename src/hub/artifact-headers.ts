import type { IncomingHttpHeaders } from 'node:http'
import { AppError } from '../domain/errors.ts'

const MEDIA_TYPE = /^[a-z0-9][\w.+-]{0,63}\/[a-z0-9][\w.+-]{0,63}(?:; ?charset=[\w-]{1,20})?$/i

/** Stored bytes and their file name. */
export type StoredFile = {
  readonly name: string
  readonly digest: string
  readonly size: number
  readonly mediaType: string
}

/** Headers for stored bytes: a browser saves them as a file and never shows them as a page. */
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

/** RFC 6266: an ASCII name for old clients, and the exact name escaped so that it cannot end the header. */
export function attachmentNamed(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9._-]/g, '_')
  const exact = encodeURIComponent(name.toWellFormed()).replaceAll(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `attachment; filename="${plain}"; filename*=UTF-8''${exact}`
}

const etagOf = (digest: string): string => `"${digest}"`

/** Whether If-None-Match says that the caller already has these bytes. */
export function isKnownToCaller(headers: IncomingHttpHeaders, digest: string): boolean {
  const tags = (headers['if-none-match'] ?? '')
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes('*') || tags.includes(etagOf(digest))
}

/** The Range header, unless If-Range names other bytes. */
export function rangeFor(headers: IncomingHttpHeaders, digest: string): string | undefined {
  const condition = headers['if-range']
  return condition === undefined || condition === etagOf(digest) ? headers.range : undefined
}

/** Hex SHA-256 from Content-Digest (RFC 9530), or null. Throws `request-invalid` when malformed. */
export function promisedDigest(headers: IncomingHttpHeaders): string | null {
  const header = headers['content-digest']
  const member = /(?:^|,)\s*sha-256=:([^:]*):/.exec(String(header ?? ''))
  if (member === null) return null
  const digest = Buffer.from(member[1] ?? '', 'base64')
  if (digest.length === 32) return digest.toString('hex')
  throw new AppError('request-invalid', 'The sha-256 in Content-Digest is not 32 bytes in base64.')
}

/** The sender's media type, which downloads return; a malformed one becomes octet-stream. */
export function mediaTypeOf(headers: IncomingHttpHeaders): string {
  const type = headers['content-type'] ?? ''
  return MEDIA_TYPE.test(type) ? type : 'application/octet-stream'
}
