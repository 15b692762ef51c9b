import { describe, expect, it } from 'vitest'
import { makeGuard } from './guards.ts'

const guard = makeGuard(['10.0.0.7', 'Hub.example'])

/** Runs the guard on a request with these headers. Returns the error code, or `passed`. */
function verdict(headers: Record<string, string>, url = '/livez'): unknown {
  try {
    guard({ url, headers, rawHeaders: Object.entries(headers).flat() })
    return 'passed'
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error
  }
}

describe('the guard', () => {
  it.each([
    'localhost:7373',
    'LOCALHOST',
    '127.0.0.1:1',
    '[::1]:7373',
    '10.0.0.7:80',
    'hub.example',
    'hub.example:443',
  ])('lets %s in', (host) => {
    expect(verdict({ host })).toBe('passed')
  })

  it.each([
    '',
    'evil.example',
    'localhost.evil.example',
    'evil.example:7373',
    'localhost@evil.example',
    'localhost:7373:1',
    '127.0.0.1.evil.example',
    '0x7f.1',
    'localhost,evil.example',
    'localhost evil',
  ])('refuses the host %j', (host) => {
    expect(verdict({ host })).toBe('host-refused')
  })

  it.each([
    ['http://localhost:7373', 'passed'],
    ['https://localhost:7373', 'passed'],
    ['http://localhost:3000', 'origin-refused'],
    ['http://localhost', 'origin-refused'],
    ['http://127.0.0.1:7373', 'origin-refused'],
    ['https://evil.example', 'origin-refused'],
    ['null', 'origin-refused'],
    ['', 'origin-refused'],
    ['file://', 'origin-refused'],
  ])('of a page from %j it says %s', (origin, expected) => {
    expect(verdict({ host: 'localhost:7373', origin })).toBe(expected)
  })

  it.each([
    ['same-origin', 'passed'],
    ['none', 'passed'],
    ['same-site', 'origin-refused'],
    ['cross-site', 'origin-refused'],
    ['', 'origin-refused'],
  ])('of a %j fetch it says %s', (site, expected) => {
    expect(verdict({ host: 'localhost', 'sec-fetch-site': site })).toBe(expected)
  })

  it('refuses a whole address as target and a second Host header', () => {
    expect(verdict({ host: 'localhost' }, 'http://evil.example/livez')).toBe('host-refused')
    const twice = { url: '/', headers: { host: 'localhost' } }
    const rawHeaders = ['Host', 'localhost', 'HOST', 'evil.example']
    expect(() => guard({ ...twice, rawHeaders })).toThrow('must have exactly one Host header')
  })
})
