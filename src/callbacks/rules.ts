import { BlockList, isIP, isIPv6 } from 'node:net'
import { isLoopback } from '../domain/loopback.ts'
import { isPublic } from './public-address.ts'

/**
 * A destination that the operator allows in addition to public https URLs. It is either a network
 * or a host. The host is a name or an IP address.
 */
export type AllowedPlace =
  | { readonly host: string; readonly port: number | null }
  | { readonly network: string; readonly prefix: number }

/** The destinations that a hub may send callbacks to. */
export type CallbackRules = {
  readonly ports: readonly number[]
  readonly allow: readonly AllowedPlace[]
}

/**
 * Returns why this URL is not allowed for callbacks, or null if it is allowed. Checks only the URL
 * itself. At each delivery, `refusesAddress` checks the IP addresses that the host name resolves
 * to.
 */
export function whyRefused(url: URL, rules: CallbackRules): string | null {
  const { protocol, username, password } = url
  if (protocol !== 'https:' && protocol !== 'http:') return 'it is not an https URL'
  if (username !== '' || password !== '') return 'it contains a user name or a password'
  const host = hostOf(url)
  const allowed = allowsHost(url, rules) || (isIP(host) !== 0 && allowsAddress(host, rules))
  if (!allowed && protocol === 'http:') return 'it does not use https'
  if (!allowsPort(url, rules)) {
    return `its port ${portOf(url)} is not one of the allowed ports (${rules.ports.join(', ')})`
  }
  if (!allowed && isInternal(host)) return `${host} is not on the public internet`
  return null
}

/** Whether the rules refuse this IP address, which is one that the URL's host name resolves to. */
export const refusesAddress = (url: URL, address: string, rules: CallbackRules): boolean =>
  !isPublic(address) && !allowsHost(url, rules) && !allowsAddress(address, rules)

/**
 * The URL's host in the form that DNS resolvers expect: without IPv6 brackets or a trailing dot.
 */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$|\.$/g, '')

const portOf = ({ port, protocol }: URL): number =>
  port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)

const isInternal = (host: string): boolean =>
  isIP(host) === 0 ? isLoopback(host) || host.endsWith('.localhost') : !isPublic(host)

const allowsHost = (url: URL, { allow }: CallbackRules): boolean =>
  allow.some(
    (place) =>
      'host' in place &&
      place.host === hostOf(url) &&
      (place.port === null || place.port === portOf(url)),
  )

/**
 * Whether the URL's port is allowed: because it is in `ports`, or because the rules allow this host
 * with this port, as in `hooks.lan:9000`.
 */
const allowsPort = (url: URL, { ports, allow }: CallbackRules): boolean =>
  ports.includes(portOf(url)) ||
  allow.some((place) => 'host' in place && place.host === hostOf(url) && place.port === portOf(url))

function allowsAddress(address: string, { allow }: CallbackRules): boolean {
  const networks = new BlockList()
  for (const place of allow) {
    if ('network' in place) networks.addSubnet(place.network, place.prefix, family(place.network))
  }
  return networks.check(address, family(address))
}

const family = (address: string): 'ipv4' | 'ipv6' => (isIPv6(address) ? 'ipv6' : 'ipv4')
