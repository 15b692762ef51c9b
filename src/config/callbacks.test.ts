import { describe, expect, it } from 'vitest'
import { CallbackPlace, CallbackSecrets } from './callbacks.ts'

const secret = (bytes: number): string => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`

describe('a place that callbacks may go to', () => {
  it.each([
    ['hooks.lan', { host: 'hooks.lan', port: null }],
    ['Hooks.LAN:9000', { host: 'hooks.lan', port: 9000 }],
    ['10.1.2.3', { host: '10.1.2.3', port: null }],
    ['[fd00::1]:9000', { host: 'fd00::1', port: 9000 }],
    ['[fd00::1]', { host: 'fd00::1', port: null }],
    ['10.1.0.0/16', { network: '10.1.0.0', prefix: 16 }],
    ['fd00::/8', { network: 'fd00::', prefix: 8 }],
  ])('is written %s', (text, place) => {
    expect(CallbackPlace.parse(text)).toEqual(place)
  })

  it.each(['', 'https://hooks.lan', '10.0.0.0/33', 'fd00::/129', '10.0.0/8', 'a b', 'a:b', '*'])(
    'is not written %j',
    (text) => {
      expect(CallbackPlace.safeParse(text).success).toBe(false)
    },
  )
})

describe('the secret of callbacks', () => {
  it('is one, or two with a comma or a line between them', () => {
    const [one, two] = [secret(24), secret(64)]
    for (const text of [one, `${one}\n`]) {
      expect(CallbackSecrets.parse(text).map((kept) => kept.reveal())).toEqual([one])
    }
    for (const text of [`${one},${two}`, `${one}\n${two}\n`, [one, two]]) {
      expect(CallbackSecrets.parse(text).map((kept) => kept.reveal())).toEqual([one, two])
    }
  })

  it.each([
    ['none', ''],
    ['three', [secret(32), secret(33), secret(34)].join(',')],
    ['short', secret(23)],
    ['long', secret(65)],
    ['without its prefix', secret(32).slice(6)],
    ['no base64', `whsec_${'!'.repeat(40)}`],
  ])('is refused when it is %s, without being shown', (_, text) => {
    const { error } = CallbackSecrets.safeParse(text)
    expect(error).toBeDefined()
    expect(error?.issues[0]?.message).not.toContain('Bwc')
  })
})
