import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Environment } from '../config/read.ts'
import type { ClientConfig } from '../config/settings.ts'
import { AppError, isAppError } from '../domain/errors.ts'
import { isLoopback } from '../domain/loopback.ts'
import { type ProxySettings, proxyVariables } from '../domain/proxy.ts'
import { readIfPresent } from '../platform/read-if-present.ts'
import { useProxy } from '../platform/use-proxy.ts'
import { HubClient } from '../protocol/client.ts'
import { dataFolder, type LocalToken, readHubFile, tokenIn, unreadable } from './data-folder.ts'

type HubSettings = Pick<ClientConfig, 'data' | 'hub' | 'allowHttp' | 'token' | 'tokenFile'> &
  ProxySettings

/**
 * Returns a client for the hub at --hub or, by default, for the hub whose URL is in the data
 * folder. An admin's client reads that URL again when the hub does not respond. The token in the
 * data folder is sent only to that folder's hub, never to another URL. Throws `hub-unreachable` if
 * there is no --hub and no URL in the data folder, `hub-insecure` for plain HTTP to another
 * machine, and `token-missing` if a worker has no token.
 */
export async function findHub(
  settings: HubSettings,
  { env, cwd }: { readonly env: Environment; readonly cwd: string },
  whose: LocalToken = 'admin',
): Promise<HubClient> {
  const folder = dataFolder(settings.data, env, cwd)
  const local = await readHubFile(folder)
  const url = settings.hub ?? local?.url
  if (url === undefined) {
    throw new AppError('hub-unreachable', `No hub is running with the data folder ${folder}`)
  }
  if (url !== local?.url && !settings.allowHttp) refusePlainHttp(new URL(url))
  const own = url === local?.url ? tokenIn(folder, whose) : undefined
  const token = await readToken(settings, own, cwd)
  if (token === null && whose === 'worker') {
    throw new AppError('token-missing', `This worker has no token for the hub at ${url}.`)
  }
  const proxy = isLoopback(new URL(url).hostname) ? {} : proxyVariables(settings)
  useProxy(proxy)
  const address = { url, token, proxy }
  // A worker keeps the URL of its start, because its lease thread renews leases at that URL.
  if (settings.hub !== undefined || whose === 'worker') return new HubClient(address)
  return new HubClient({
    ...address,
    currentUrl: async () => (await readHubFile(folder))?.url ?? null,
  })
}

function refusePlainHttp({ protocol, hostname }: URL): void {
  if (protocol === 'https:' || isLoopback(hostname)) return
  throw new AppError(
    'hub-insecure',
    `The token would be sent unencrypted: ${hostname} is not this machine, and the URL does not use https.`,
  )
}

async function readToken(
  settings: Pick<HubSettings, 'token' | 'tokenFile'>,
  own: string | undefined,
  cwd: string,
): Promise<string | null> {
  if (settings.tokenFile !== undefined) return readTokenFile(resolve(cwd, settings.tokenFile))
  if (settings.token !== undefined) return oneToken(settings.token.reveal(), 'The token')
  if (own === undefined) return null
  try {
    return (await readIfPresent(own))?.trim() ?? null
  } catch (error) {
    throw unreadable(own, error)
  }
}

/**
 * Reads a token from a file. Throws `file-unreadable` if the file does not contain exactly one
 * token.
 */
export async function readTokenFile(path: string): Promise<string> {
  try {
    return oneToken((await readFile(path, 'utf8')).trim(), `The token file ${path}`)
  } catch (error) {
    throw isAppError(error) ? error : unreadable(path, error)
  }
}

/**
 * Checks the token here because the HTTP client would reveal an invalid token: its error message
 * quotes the token.
 */
function oneToken(text: string, from: string): string {
  if (/^[\x21-\x7e]+$/.test(text)) return text
  throw new AppError('file-unreadable', `${from} does not contain exactly one token on one line.`)
}
