import { z } from 'zod'
import { Secret } from '../domain/secret.ts'
import { about } from './spelling.ts'

const PROXY = 'must be the URL of a proxy, such as http://proxy.example:3128'

/** A proxy's URL may contain a password. As with curl and git, `http://` may be omitted. */
const proxy = z
  .string()
  .max(4096)
  .transform((text) => (text.includes('://') ? text : `http://${text}`))
  .refine((text) => /^(?:https?|socks[45]?h?):\/\//i.test(text) && URL.canParse(text), PROXY)
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
