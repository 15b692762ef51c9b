import { describe, expect, it } from 'vitest'
import { protocolOf, serves } from './version.ts'

const hub = { version: '0.4.2', protocol: 3 }

describe('a hub', () => {
  it.each([
    ['its own version', '0.4.2', 3],
    ['another patch', '0.4.0', 3],
    ['the minor version before', '0.3.9', 3],
    ['the protocol before', '0.4.2', 2],
  ])('serves a worker of %s', (_, version, protocol) => {
    expect(serves(hub, { version, protocol })).toBe(true)
  })

  it.each([
    ['an older minor version', '0.2.9', 3],
    ['a newer one: hubs come first', '0.5.0', 3],
    ['an older protocol', '0.4.2', 1],
    ['a newer protocol', '0.4.2', 4],
    ['another major version', '1.4.2', 3],
    ['no version at all', 'latest', 3],
  ])('does not serve a worker of %s', (_, version, protocol) => {
    expect(serves(hub, { version, protocol })).toBe(false)
  })
})

describe('the protocol of a request', () => {
  it('is the first when it names none', () => {
    expect(protocolOf({}, null)).toBe(1)
    expect(protocolOf({ 'millwright-protocol': '2' }, null)).toBe(2)
  })

  it.each(['', '0', '1.0', 'two', '99999', '1, 2'])('is never %j', (text) => {
    expect(() => protocolOf({ 'millwright-protocol': text }, null)).toThrow(
      'must be a protocol version',
    )
  })
})
