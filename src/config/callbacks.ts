import { isIP, isIPv4 } from 'node:net'
import { z } from 'zod'
import { Secret } from '../domain/secret.ts'

const PREFIX_MAX = { ipv4: 32, ipv6: 128 } as const

/** A network, such as `10.1.0.0/16` or `fd00::/8`. */
const Network = z
  .string()
  .regex(/^[0-9a-f.:]+\/\d{1,3}$/)
  .transform((text) => {
    const [network = '', prefix = ''] = text.split('/')
    return { network, prefix: Number(prefix) }
  })
  .refine(({ network, prefix }) => {
    if (isIP(network) === 0) return false
    return prefix <= PREFIX_MAX[isIPv4(network) ? 'ipv4' : 'ipv6']
  })

/**
 * A host with an optional port, such as `hooks.lan`, `hooks.lan:9000`, `10.1.2.3` or
 * `[fd00::1]:9000`.
 */
const Host = z
  .string()
  .regex(/^(?:\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::\d{1,5})?$/)
  .transform((text) => {
    const [, host = '', port] = /^\[?(.+?)\]?(?::(\d+))?$/.exec(text) ?? []
    return { host, port: port === undefined ? null : Number(port) }
  })

/** A host or network that callbacks may reach even if it is not public or does not use https. */
export const CallbackPlace = z
  .string()
  .max(300)
  .toLowerCase()
  .pipe(z.union([Network, Host], 'must look like hooks.lan, hooks.lan:9000 or 10.1.0.0/16'))

const SECRET_FORM = 'must be "whsec_" followed by the base64 of 24 to 64 bytes'
const isLongEnough = (bytes: number): boolean => bytes >= 24 && bytes <= 64

const SecretText = z
  .string()
  .regex(/^whsec_[A-Za-z0-9+/]+={0,2}$/, SECRET_FORM)
  .refine((text) => isLongEnough(Buffer.from(text.slice(6), 'base64').length), SECRET_FORM)
  .transform((text) => new Secret(text))

/** One secret, or two during a rotation. With two secrets, each callback is signed with both. */
export const CallbackSecrets = z.preprocess(
  (value) => (typeof value === 'string' ? value.split(/[\s,]+/).filter(Boolean) : value),
  z.array(SecretText).min(1).max(2),
)
