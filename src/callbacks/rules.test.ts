import { describe, expect, it } from 'vitest'
import { type CallbackRules, whyRefused, refusesAddress } from './rules.ts'

const PORTS = [443, 80, 8443, 8080]
const strict: CallbackRules = { ports: PORTS, allow: [] }
const why = (text: string, rules = strict): string | null => whyRefused(new URL(text), rules)

describe('the address of a callback', () => {
  it.each([
    'https://hooks.example/',
    'https://hooks.example:8443/a?b=c',
    'https://HOOKS.example.',
    'https://1.1.1.1/',
    'https://[2606:4700:4700::1111]/',
  ])('%s may be called', (text) => {
    expect(why(text)).toBeNull()
  })

  it.each([
    ['http://hooks.example/', /does not use https/],
    ['ftp://hooks.example/', /not an https URL/],
    ['file:///etc/passwd', /not an https URL/],
    ['data:text/plain,a', /not an https URL/],
    ['https://user@hooks.example/', /user name or a password/],
    ['https://:secret@hooks.example/', /user name or a password/],
    ['https://hooks.example:22/', /port 22/],
    ['https://hooks.example:6379/', /port 6379/],
    ['https://localhost/', /public internet/],
    ['https://LOCALHOST./', /public internet/],
    ['https://a.localhost/', /public internet/],
  ])('%s may not', (text, reason) => {
    expect(why(text)).toMatch(reason)
  })

  it.each([
    'https://127.0.0.1/',
    'https://127.1/',
    'https://127.0.0.1./',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://0177.1/',
    'https://017700000001/',
    'https://①②⑦.0.0.1/',
    'https://127。0。0。1/',
    'https://%31%32%37.0.0.1/',
    'https://0/',
    'https://0.0.0.0/',
    'https://169.254.169.254/latest/meta-data/',
    'https://0xa9fea9fe/',
    'https://2852039166/',
    'https://10.0.0.1:8080/',
    'https://[::1]/',
    'https://[::]/',
    'https://[0:0:0:0:0:0:0:1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[2002:7f00:1::]/',
    'https://[fd00:ec2::254]/',
    'https://[fe80::1]/',
  ])('%s is seen through: it leads inside', (text) => {
    expect(why(text)).toMatch(/public internet/)
  })

  it.each(['https://[fe80::1%25eth0]/', 'https://256.0.0.1/', 'https://0x7f.0.0.256/', 'https://'])(
    '%s is not a URL',
    (text) => {
      expect(URL.canParse(text)).toBe(false)
    },
  )
})

describe('what an operator allows', () => {
  const lan: CallbackRules = {
    ports: PORTS,
    allow: [
      { host: 'hooks.lan', port: null },
      { host: '127.0.0.1', port: 9000 },
      { network: '10.1.0.0', prefix: 16 },
      { network: 'fd00::', prefix: 8 },
    ],
  }

  it.each([
    'http://hooks.lan/',
    'https://hooks.lan:8443/',
    'http://127.0.0.1:9000/',
    'http://10.1.2.3/',
    'https://[fd12::1]/',
  ])('lets %s be called', (text) => {
    expect(why(text, lan)).toBeNull()
  })

  it.each([
    'http://other.lan/',
    'http://a.hooks.lan/',
    'https://hooks.lan:9000/',
    'http://127.0.0.1/',
    'https://127.0.0.1:9001/',
    'https://10.2.0.1/',
    'https://[fe80::1]/',
  ])('leaves %s refused', (text) => {
    expect(why(text, lan)).not.toBeNull()
  })

  it('applies to the addresses that a name resolves to', () => {
    const [named, other] = [new URL('https://hooks.lan/'), new URL('https://hooks.example/')]
    expect(refusesAddress(named, '192.168.0.9', lan)).toBe(false)
    expect(refusesAddress(other, '192.168.0.9', lan)).toBe(true)
    expect(refusesAddress(other, '10.1.9.9', lan)).toBe(false)
    expect(refusesAddress(other, '10.1.9.9', strict)).toBe(true)
    expect(refusesAddress(other, '93.184.216.34', strict)).toBe(false)
  })
})
