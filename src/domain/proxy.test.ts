import { describe, expect, it } from 'vitest'
import { proxyForAgents, proxyVariables, withoutProxyLogin } from './proxy.ts'
import { Secret } from './secret.ts'

const OPEN = new Secret('http://proxy.example:3128')
const LOGIN = new Secret('http://ada:s%23cret@proxy.example:3128')

describe('the variables of a network proxy', () => {
  it('name it in both letter cases, and never cover this machine', () => {
    expect(proxyVariables({ httpsProxy: OPEN, proxyExcept: '.corp.example' })).toEqual({
      https_proxy: 'http://proxy.example:3128',
      HTTPS_PROXY: 'http://proxy.example:3128',
      no_proxy: '.corp.example,localhost,127.0.0.1,::1',
      NO_PROXY: '.corp.example,localhost,127.0.0.1,::1',
    })
  })

  it('are absent without a proxy', () => {
    expect(proxyVariables({ proxyExcept: '.corp.example' })).toEqual({})
  })

  it('are kept from agents when they contain a login', () => {
    const open = proxyVariables({ httpProxy: OPEN })
    expect(proxyForAgents(open)).toEqual(open)
    expect(proxyForAgents(proxyVariables({ httpProxy: OPEN, httpsProxy: LOGIN }))).toEqual({})
  })

  it('lead to no login in messages, however it is written', () => {
    const variables = proxyVariables({ httpsProxy: LOGIN })
    const said = `via ${LOGIN.reveal()}: s#cret, ${btoa('ada:s#cret')}`
    expect(withoutProxyLogin(said, variables)).toBe(
      'via http://[redacted]@proxy.example:3128: [redacted], [redacted]',
    )
  })

  it('lead to no login in messages when the password is not ASCII or not URL encoding', () => {
    const euro = proxyVariables({ httpProxy: new Secret('http://ada:p%E2%82%AC@proxy.example') })
    const header = Buffer.from('ada:p€').toString('base64')
    expect(withoutProxyLogin(`p€ p%E2%82%AC ${header}`, euro)).toBe(
      '[redacted] [redacted] [redacted]',
    )
    const raw = proxyVariables({ httpProxy: new Secret('http://ada:p%ss@proxy.example') })
    expect(withoutProxyLogin('refused p%ss', raw)).toBe('refused [redacted]')
  })

  it('without a password change no other text, and are kept from agents', () => {
    const variables = proxyVariables({ httpProxy: new Secret('http://user@proxy.example') })
    expect(withoutProxyLogin('error: unknown user: ada', variables)).toBe(
      'error: unknown user: ada',
    )
    expect(withoutProxyLogin(`Basic ${btoa('user:')}`, variables)).toBe('Basic [redacted]')
    expect(proxyForAgents(variables)).toEqual({})
  })
})
