import { BlockList, isIP, isIPv6 } from 'node:net'
import { isLoopback } from '../domain/loopback.ts'
import { isPublic } from './public-address.ts'

/** What an operator allows beyond public https: a host by its name or address, or a network. */
export type AllowedPlace =
  | { readonly host: string; readonly port: number | null }
  | { readonly network: string; readonly prefix: number }

/** Where callbacks may go. */
export type CallbackRules = {
  readonly ports: readonly number[]
  readonly allow: readonly AllowedPlace[]
}

/**
 * Why this address may not be called, or null. Judges what the address itself says; where its name
 * leads is judged when it is called, by `refusesAddress`.
 */
export function whyRefused(url: URL, rules: CallbackRules): string | null {
  const { protocol, username, password } = url
  if (protocol !== 'https:' && protocol !== 'http:') return 'it is no https address'
  if (username !== '' || password !== '') return 'it holds a user or a password'
  const host = hostOf(url)
  const allowed = allowsHost(url, rules) || (isIP(host) !== 0 && allowsAddress(host, rules))
  if (!allowed && protocol === 'http:') return 'it is not https'
  if (!allowsPort(url, rules)) {
    return `port ${portOf(url)} is not one of ${rules.ports.join(', ')}`
  }
  if (!allowed && leadsInside(host)) return `${host} is not on the public internet`
  return null
}

/** Whether a name leads to an address that may not be called. */
export const refusesAddress = (url: URL, address: string, rules: CallbackRules): boolean =>
  !isPublic(address) && !allowsHost(url, rules) && !allowsAddress(address, rules)

/** As resolvers take it: without the brackets of IPv6 and the dot of the root. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$|\.$/g, '')

const portOf = ({ port, protocol }: URL): number =>
  port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)

const leadsInside = (host: string): boolean =>
  isIP(host) === 0 ? isLoopback(host) || host.endsWith('.localhost') : !isPublic(host)

const allowsHost = (url: URL, { allow }: CallbackRules): boolean =>
  allow.some(
    (place) =>
      'host' in place &&
      place.host === hostOf(url) &&
      (place.port === null || place.port === portOf(url)),
  )

/** A port that is named together with its host needs not be in the list. */
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
