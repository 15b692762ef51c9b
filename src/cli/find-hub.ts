import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import type { Environment } from '../config/read.ts'
import type { ClientConfig } from '../config/settings.ts'
import { AppError, isAppError } from '../domain/errors.ts'
import { isLoopback } from '../domain/loopback.ts'
import { HubClient } from '../protocol/client.ts'
import type { Terminal } from './terminal.ts'

/** Written by a hub while it listens, so that commands on the same machine find it. */
export const HubFile = z.object({ url: z.url(), pid: z.int(), version: z.string() })
export type HubFile = z.infer<typeof HubFile>

/** Files of the data folder that concern the command line. */
export const hubFileIn = (folder: string): string => join(folder, 'hub.json')
export const tokenIn = (folder: string, whose: LocalToken): string => join(folder, `${whose}.token`)

/** Tokens that a hub leaves in its data folder, for programs of the same user. */
export type LocalToken = 'admin' | 'worker'

/**
 * Where data lies unless said otherwise (XDG Base Directory Specification). Throws
 * `data-dir-unusable` for something else than a folder.
 */
export function dataFolder(given: string | undefined, env: Environment, cwd: string): string {
  if (given !== undefined) {
    const folder = resolve(cwd, given)
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== false) return folder
    throw new AppError('data-dir-unusable', `The data folder ${folder} is not a folder.`)
  }
  const xdg = env['XDG_DATA_HOME']
  const home = env['HOME'] ?? homedir()
  return join(xdg === undefined || xdg === '' ? join(home, '.local', 'share') : xdg, 'millwright')
}

type HubSettings = Pick<ClientConfig, 'data' | 'hub' | 'allowHttp' | 'token' | 'tokenFile'>

/**
 * The hub that a command speaks to: the one named by --hub, or the one that left its address in
 * the data folder. The folder’s own token goes to that one alone, never to an address that was
 * merely named. Throws `hub-insecure` for plain HTTP to another machine, `token-missing` when a
 * worker would have none.
 */
export async function findHub(
  settings: HubSettings,
  terminal: Pick<Terminal, 'env' | 'cwd'>,
  whose: LocalToken = 'admin',
): Promise<HubClient> {
  const folder = dataFolder(settings.data, terminal.env, terminal.cwd)
  const local = await readHubFile(folder)
  const url = settings.hub ?? local?.url
  if (url === undefined) {
    throw new AppError('hub-unreachable', `No hub runs with the data folder ${folder}`)
  }
  if (url !== local?.url && !settings.allowHttp) demandPrivacy(new URL(url))
  const own = url === local?.url ? tokenIn(folder, whose) : undefined
  const token = await readToken(settings, own, terminal.cwd)
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

/** null when no hub left its address there. */
export async function readHubFile(folder: string): Promise<HubFile | null> {
  const text = await readIfThere(hubFileIn(folder))
  if (text === null) return null
  try {
    return HubFile.parse(JSON.parse(text))
  } catch (error) {
    throw unreadable(hubFileIn(folder), error)
  }
}

async function readToken(
  settings: Pick<HubSettings, 'token' | 'tokenFile'>,
  own: string | undefined,
  cwd: string,
): Promise<string | null> {
  if (settings.tokenFile !== undefined) return readTokenFile(resolve(cwd, settings.tokenFile))
  if (settings.token !== undefined) return oneToken(settings.token.reveal(), 'The token')
  const text = own === undefined ? null : await readIfThere(own)
  return text === null ? null : text.trim()
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

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw unreadable(path, error)
  }
}

const unreadable = (path: string, error: unknown): AppError =>
  new AppError('file-unreadable', `Cannot read ${path}: ${reasonOf(error)}`, { cause: error })

function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError) return 'it does not say where the hub is'
  return error instanceof Error ? error.message : String(error)
}
