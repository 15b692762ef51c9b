import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Environment } from '../config/read.ts'
import type { ClientConfig } from '../config/settings.ts'
import { AppError, isAppError } from '../domain/errors.ts'
import { isLoopback } from '../domain/loopback.ts'
import { readIfPresent } from '../platform/read-if-present.ts'
import { HubClient } from '../protocol/client.ts'
import { dataFolder, type LocalToken, readHubFile, tokenIn, unreadable } from './data-folder.ts'

type HubSettings = Pick<ClientConfig, 'data' | 'hub' | 'allowHttp' | 'token' | 'tokenFile'>

/**
 * The hub that a command speaks to: the one named by --hub, or the one that left its address in
 * the data folder. The folder’s own token goes to that one alone, never to an address that was
 * merely named. Throws `hub-insecure` for plain HTTP to another machine, `token-missing` when a
 * worker would have none.
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
    throw new AppError('hub-unreachable', `No hub runs with the data folder ${folder}`)
  }
  if (url !== local?.url && !settings.allowHttp) demandPrivacy(new URL(url))
  const own = url === local?.url ? tokenIn(folder, whose) : undefined
  const token = await readToken(settings, own, cwd)
  if (token === null && whose === 'worker') {
    throw new AppError('token-missing', `This worker has no token for the hub at ${url}.`)
  }
  return new HubClient({ url, token })
}

function demandPrivacy({ protocol, hostname }: URL): void {
  if (protocol === 'https:' || isLoopback(hostname)) return
  const what = 'The token would cross the network readable for all'
  throw new AppError('hub-insecure', `${what}: ${hostname} is another machine, and not https.`)
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

/** A token file that somebody named; `file-unreadable` when it cannot be read, or holds something else. */
export async function readTokenFile(path: string): Promise<string> {
  try {
    return oneToken((await readFile(path, 'utf8')).trim(), `The token file ${path}`)
  } catch (error) {
    throw isAppError(error) ? error : unreadable(path, error)
  }
}

/** Anything else would be refused by the HTTP client, in words that hold the token. */
function oneToken(text: string, from: string): string {
  if (/^[\x21-\x7e]+$/.test(text)) return text
  throw new AppError('file-unreadable', `${from} does not hold one token on one line.`)
}
