import { describe, expect, it } from 'vitest'
import { attachmentNamed, mediaTypeOf, promisedDigest } from './artifact-headers.ts'

describe('headers of artifacts', () => {
  it.each([
    'a"; filename="evil.html',
    'a\r\nset-cookie: x=1',
    '../../etc/passwd',
    'naïve ☃ 名前.txt',
    '\ud800 lone',
    "it's (new)*.txt",
  ])('the name %j stays inside its header', (name) => {
    const header = attachmentNamed(name)
    expect(header).toMatch(
      /^attachment; filename="[A-Za-z0-9._-]*"; filename\*=UTF-8''[A-Za-z0-9._~!%-]*$/,
    )
    expect(decodeURIComponent(header.split("''")[1] ?? '')).toBe(name.toWellFormed())
  })

  it.each([
    ['text/plain', 'text/plain'],
    ['text/x-patch; charset=utf-8', 'text/x-patch; charset=utf-8'],
    ['text/html\r\nx: y', 'application/octet-stream'],
    ['nonsense', 'application/octet-stream'],
    [`text/${'x'.repeat(200)}`, 'application/octet-stream'],
    [undefined, 'application/octet-stream'],
  ])('the media type %j is kept as %s', (given, kept) => {
    expect(mediaTypeOf(given === undefined ? {} : { 'content-type': given })).toBe(kept)
  })

  it('a promised digest is found among others, and must be complete', () => {
    const base64 = Buffer.alloc(32, 7).toString('base64')
    const digest = Buffer.alloc(32, 7).toString('hex')
    expect(promisedDigest({ 'content-digest': `sha-512=:AAAA:, sha-256=:${base64}:` })).toBe(digest)
    expect(promisedDigest({ 'content-digest': 'sha-512=:AAAA:' })).toBeNull()
    expect(promisedDigest({})).toBeNull()
    expect(() => promisedDigest({ 'content-digest': 'sha-256=:AAAA:' })).toThrow('32 bytes')
  })
})
