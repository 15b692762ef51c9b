import { describe, expect, it } from 'vitest'
import { parseAddress, refCandidates } from './address.ts'

const ALL = { http: true, ssh: true, file: true }

describe('a repository address', () => {
  it.each([
    ['https://example.org/a/b.git', 'http'],
    ['http://127.0.0.1:8080/a', 'http'],
    ['https://user@example.org/a', 'http'],
    ['ssh://git@example.org:22/a/b', 'ssh'],
    ['git@example.org:a/b.git', 'ssh'],
    ['git@example.org:/srv/a.git', 'ssh'],
    ['file:///srv/a.git', 'file'],
    ['/srv/a.git', 'file'],
  ])('%s goes over %s', (url, transport) => {
    expect(parseAddress(url, ALL)).toMatchObject({ url, transport })
  })

  it.each([
    '-oProxyCommand=touch /tmp/x',
    '--upload-pack=touch /tmp/x',
    'ext::sh -c touch% /tmp/x',
    'fd::17',
    'git://example.org/a',
    'transport::https://example.org',
    'git@example.org::ext',
    'ssh://-oProxyCommand=x/a',
    'git@-oProxyCommand=x:a',
    'git@example.org:-a',
    'relative/path',
    'https://',
    'https://user:password@example.org/a',
    'https://example.org/a\nb',
    'https://example.org/a\u200Bb',
    'https://example.org/a b',
    'file://host/share',
    '',
  ])('%j is refused', (url) => {
    expect(() => parseAddress(url, ALL)).toThrow(/protocol-refused/)
  })

  it('never repeats a password', () => {
    expect(() => parseAddress('https://me:hunter2@example.org/a', ALL)).not.toThrow(/hunter2/)
  })

  it('is refused, with advice, when the worker does not allow its transport', () => {
    expect(() => parseAddress('/srv/a.git', { ...ALL, file: false })).toThrow(/--allow-local/)
    expect(() => parseAddress('https://a/b', { ...ALL, http: false })).toThrow(/protocol-refused/)
    expect(() => parseAddress('git@a:b', { ...ALL, ssh: false })).toThrow(/protocol-refused/)
  })
})

describe('a ref', () => {
  it.each(['main', 'feature/x-1', 'v1.0', 'refs/heads/main', 'fix#12', 'a@b', 'a+b=c'])(
    '%s may be asked for',
    (ref) => {
      expect(refCandidates(ref)[0]).toBe(ref.replace(/^(?!refs\/)/, 'refs/heads/'))
    },
  )

  it.each([
    '-x',
    '--upload-pack=x',
    '',
    '@',
    'a..b',
    'a/',
    '/a',
    '.a',
    'a/.b',
    'a.lock',
    'a.lock/b',
    'a b',
    'a~1',
    'a^{}',
    'a:b',
    'a*',
    'a\\b',
    'main\u3000;x',
    '$(x)',
    'a@{1}',
    'x'.repeat(201),
  ])('%j is refused', (ref) => {
    expect(() => refCandidates(ref)).toThrow(/ref-not-found/)
  })

  it('means a branch before a tag', () => {
    expect(refCandidates('v1')).toEqual(['refs/heads/v1', 'refs/tags/v1'])
    expect(refCandidates('refs/tags/v1')).toEqual(['refs/tags/v1'])
    expect(refCandidates(null)).toEqual(['HEAD'])
  })

  it.each([40, 64])('of %i hex digits may also mean a commit', (length) => {
    const id = 'a'.repeat(length)
    expect(refCandidates(id)).toEqual([`refs/heads/${id}`, `refs/tags/${id}`, id])
  })
})
