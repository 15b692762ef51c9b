// The network proxy through which programs reach other machines, as environment variables.
import type { Secret } from './secret.ts'

export type ProxySettings = {
  readonly httpProxy?: Secret | undefined
  readonly httpsProxy?: Secret | undefined
  /** Hosts to reach directly, separated by commas. */
  readonly proxyExcept?: string | undefined
}

/** `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, in both letter cases; empty if there is no proxy. */
export type ProxyVariables = Readonly<Record<string, string>>

/** A hub, gateway or server of the same machine is never reached through a proxy. */
const LOOPBACK = 'localhost,127.0.0.1,::1'

export function proxyVariables(settings: ProxySettings): ProxyVariables {
  const { httpProxy, httpsProxy, proxyExcept } = settings
  if (httpProxy === undefined && httpsProxy === undefined) return {}
  const variables = {
    http_proxy: httpProxy?.reveal(),
    https_proxy: httpsProxy?.reveal(),
    no_proxy: proxyExcept === undefined ? LOOPBACK : `${proxyExcept},${LOOPBACK}`,
  }
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) =>
      value === undefined
        ? []
        : [
            [name, value],
            [name.toUpperCase(), value],
          ],
    ),
  )
}

/** The variables for agents: none if a proxy's URL contains a login, which agents must not learn. */
export const proxyForAgents = (variables: ProxyVariables): ProxyVariables =>
  loginsIn(variables).length === 0 ? variables : {}

/** Redacts the logins of the proxies in a text, because a proxy or a program may echo them. */
export const withoutProxyLogin = (text: string, variables: ProxyVariables): string =>
  loginsIn(variables).reduce((redacted, login) => redacted.replaceAll(login, '[redacted]'), text)

function loginsIn(variables: ProxyVariables): readonly string[] {
  return Object.values(variables).flatMap((value) => {
    const { username, password } = URL.parse(value) ?? { username: '', password: '' }
    if (username === '' && password === '') return []
    const login = `${username}:${password}`
    const plain = password === '' ? [] : [decodeURIComponent(password), password]
    return [
      login,
      btoa(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`),
      ...plain,
    ]
  })
}
