import { BlockList, isIP, isIPv6 } from 'node:net'
import { isLoopback } from '../domain/loopback.ts'
import { isPublic } from './public-address.ts'

/** What an operator allows in addition to public https: a host, by name or address, or a network. */
export type AllowedPlace =
  | { readonly host: string; readonly port: number | null }
  | { readonly network: string; readonly prefix: number }

/** Where callbacks may go. */
export type CallbackRules = {
  readonly ports: readonly number[]
  readonly allow: readonly AllowedPlace[]
}

/**
 * Why callbacks may not go to this URL; null when they may. Checks only the URL itself: at each
 * delivery `refusesAddress` checks the addresses that its host name resolves to.
 */
export function whyRefused(url: URL, rules: CallbackRules): string | null {
  const { protocol, username, password } = url
  if (protocol !== 'https:' && protocol !== 'http:') return 'it is not an https URL'
  if (username !== '' || password !== '') return 'it contains a user name or a password'
  const host = hostOf(url)
  const allowed = allowsHost(url, rules) || (isIP(host) !== 0 && allowsAddress(host, rules))
  if (!allowed && protocol === 'http:') return 'it is not https'
  if (!allowsPort(url, rules)) {
    return `port ${portOf(url)} is not one of ${rules.ports.join(', ')}`
  }
  if (!allowed && isInternal(host)) return `${host} is not on the public internet`
  return null
}

/** Whether callbacks may not go to this address, to which the URL's host resolves. */
export const refusesAddress = (url: URL, address: string, rules: CallbackRules): boolean =>
  !isPublic(address) && !allowsHost(url, rules) && !allowsAddress(address, rules)

/** The host as resolvers expect it: without the brackets of IPv6 and without a trailing dot. */
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

/** A port that is allowed together with its host need not be in `ports`. */
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
