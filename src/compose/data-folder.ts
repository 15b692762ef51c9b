import { statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import type { Environment } from '../config/read.ts'
import { AppError } from '../domain/errors.ts'
import { writeDurably } from '../platform/durable-file.ts'
import { plainReason } from '../platform/plain-reason.ts'
import { readIfPresent } from '../platform/read-if-present.ts'
import { baseFolder } from './home-folder.ts'

/**
 * Returns the data folder: the given path, or the default according to the XDG Base Directory
 * Specification. Throws `data-dir-unusable` if the given path exists but is not a folder.
 */
export function dataFolder(given: string | undefined, env: Environment, cwd: string): string {
  if (given !== undefined) {
    const folder = resolve(cwd, given)
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== false) return folder
    throw new AppError('data-dir-unusable', `The data folder ${folder} is not a folder.`)
  }
  return join(baseFolder(env, 'XDG_DATA_HOME', '.local', 'share'), 'millwright')
}

/** The tokens that a hub writes to its data folder for programs run by the same user. */
export type LocalToken = 'admin' | 'worker'

export const tokenIn = (folder: string, whose: LocalToken): string => join(folder, `${whose}.token`)

/**
 * The content of the file that a hub writes when it starts to listen, so that commands on this
 * machine find the hub.
 */
const HubFile = z.object({
  url: z.url(),
  pid: z.int(),
  version: z.string(),
  /**
   * The settings of the program, by key and without secrets; absent in the file of an older hub.
   * With `up`, these include the worker's.
   */
  settings: z.record(z.string(), z.unknown()).exactOptional(),
})
export type HubFile = z.infer<typeof HubFile>

const hubFileIn = (folder: string): string => join(folder, 'hub.json')

/**
 * Reads the hub's file. Returns null if the file does not exist, which means that no hub is
 * running. Throws `file-unreadable`.
 */
export async function readHubFile(folder: string): Promise<HubFile | null> {
  const path = hubFileIn(folder)
  try {
    const text = await readIfPresent(path)
    return text === null ? null : HubFile.parse(JSON.parse(text))
  } catch (error) {
    throw unreadable(path, error)
  }
}

export const writeHubFile = (folder: string, file: HubFile): Promise<void> =>
  writeDurably(hubFileIn(folder), `${JSON.stringify(file)}\n`)

/** Removes the file that this hub wrote, unless another hub has replaced it. */
export async function removeHubFile(folder: string, own: HubFile): Promise<void> {
  const file = await readHubFile(folder)
  if (file?.pid === own.pid && file.url === own.url) await rm(hubFileIn(folder), { force: true })
}

export const unreadable = (path: string, error: unknown): AppError =>
  new AppError('file-unreadable', `Cannot read ${path}: ${reasonOf(error)}`, { cause: error })

function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError) return 'it does not contain the URL of a hub'
  return plainReason(error)
}
