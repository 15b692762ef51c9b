// The settings of the network proxy, and the environment variables that make programs use it.
import type { Secret } from './secret.ts'

export type ProxySettings = {
  readonly httpProxy?: Secret | undefined
  readonly httpsProxy?: Secret | undefined
  /** Hosts to reach directly, separated by commas. */
  readonly proxyExcept?: string | undefined
}

/** `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, in both letter cases; empty if there is no proxy. */
export type ProxyVariables = Readonly<Record<string, string>>

/** Programs connect to servers on their own machine, such as the gateway, without the proxy. */
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

/** The variables for agents. Empty if a proxy's URL contains a login, which agents must not see. */
export const proxyForAgents = (variables: ProxyVariables): ProxyVariables =>
  loginsIn(variables).length === 0 ? variables : {}

/** Redacts the logins of the proxies in error messages and other text. */
export const withoutProxyLogin = (text: string, variables: ProxyVariables): string =>
  loginsIn(variables).reduce((redacted, login) => redacted.replaceAll(login, '[redacted]'), text)

function loginsIn(variables: ProxyVariables): readonly string[] {
  return Object.values(variables).flatMap((value) => {
    const { username, password } = URL.parse(value) ?? { username: '', password: '' }
    if (username === '' && password === '') return []
    const header = base64(`${decoded(username)}:${decoded(password)}`)
    // Without a password, `user:` is not secret, and text that is not a login may contain it.
    if (password === '') return [header]
    return [`${username}:${password}`, header, decoded(password), password]
  })
}

/** Decodes `%40` and the like. Returns the string unchanged if it is not valid URL encoding. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** `btoa` accepts only bytes, so this encodes the text as UTF-8 first. */
const base64 = (text: string): string =>
  btoa(String.fromCodePoint(...new TextEncoder().encode(text)))
