import { z } from 'zod'
import { Secret } from '../domain/secret.ts'
import { about } from './spelling.ts'

const PROXY = 'must be the URL of a proxy, such as http://proxy.example:3128'
const LOGIN =
  'has a login that is not valid UTF-8 in URL encoding. Write special characters as in %40, and % as %25'

/** A proxy's URL may contain a password. As with curl and git, `http://` may be omitted. */
const proxy = z
  .string()
  .max(4096)
  .transform((text) => (text.includes('://') ? text : `http://${text}`))
  // As with curl and git, a % that is not followed by two hex digits is an ordinary character.
  .transform((text) => text.replaceAll(/%(?![\da-f]{2})/gi, '%25'))
  .refine((text) => /^(?:https?|socks[45]?h?):\/\//i.test(text) && URL.canParse(text), {
    error: PROXY,
    abort: true,
  })
  .refine(hasValidLogin, LOGIN)
  .transform((text) => new Secret(text))
  .optional()

/** The settings of the network proxy. Workers and commands that call a hub use them. */
export const network = {
  httpProxy: proxy.meta(
    about({
      description: 'proxy for http URLs',
      variable: 'HTTP_PROXY',
      place: 'proxy.http',
      isShared: true,
      secret: true,
    }),
  ),
  httpsProxy: proxy.meta(
    about({
      description: 'proxy for https URLs',
      variable: 'HTTPS_PROXY',
      place: 'proxy.https',
      isShared: true,
      secret: true,
    }),
  ),
  proxyExcept: z
    .string()
    .max(4096)
    .optional()
    .meta(
      about({
        description: 'hosts to reach without a proxy, separated by commas',
        variable: 'NO_PROXY',
        place: 'proxy.except',
        isShared: true,
        takes: 'hosts',
      }),
    ),
}

function hasValidLogin(text: string): boolean {
  const { username, password } = new URL(text)
  try {
    decodeURIComponent(username)
    decodeURIComponent(password)
    return true
  } catch {
    return false
  }
}
