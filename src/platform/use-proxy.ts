import type { ProxyVariables } from '../domain/proxy.ts'
import { http } from './node-http.ts'

/**
 * The variables that Node's HTTP agents accept as `proxyEnv`. They support proxies over HTTP and
 * HTTPS; with any other proxy, such as SOCKS, Node connects directly.
 */
export const nodeProxy = (variables: ProxyVariables): ProxyVariables =>
  Object.fromEntries(
    Object.entries(variables).filter(
      ([name, value]) => /^no_/i.test(name) || /^https?:/i.test(value),
    ),
  )

/** Makes `fetch` use a proxy in this thread. Needs Node 24.14; older versions connect directly. */
export function useProxy(variables: ProxyVariables): void {
  if (Object.keys(variables).length === 0) return
  if ('setGlobalProxyFromEnv' in http) http.setGlobalProxyFromEnv(nodeProxy(variables))
}
