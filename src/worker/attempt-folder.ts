import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { LogStream } from '../domain/attempt.ts'
import { Fence } from '../domain/lease.ts'
import { removeTree } from '../platform/remove-tree.ts'
import type { WorkerContext } from './context.ts'

/** What a later start of the worker must know of an attempt that died here. Never its token. */
const AttemptFile = z.strictObject({ ...Fence.shape, kind: z.string() })
export type AttemptFile = z.infer<typeof AttemptFile>

/** The attempt's name on this worker: its folder's, and the mark on all its processes. */
export const attemptName = ({ jobId, attempt }: Fence): string => `${jobId}-${attempt}`

export const attemptsFolder = (data: string): string => join(data, 'attempts')
export const attemptFolder = (data: string, fence: Fence): string =>
  join(attemptsFolder(data), attemptName(fence))

/** Where a stream is written before it is sent. */
export const streamFile = (folder: string, stream: LogStream): string => join(folder, 'log', stream)

/** Where an artifact without a file of its own is kept until it is sent. */
export const keptFile = (folder: string, name: string): string => join(folder, 'kept', name)

/** Makes an attempt's folder and writes down whose it is. */
export async function makeAttemptFolder(data: string, facts: AttemptFile): Promise<string> {
  const folder = attemptFolder(data, facts)
  for (const part of ['log', 'kept']) {
    await mkdir(join(folder, part), { recursive: true, mode: 0o700 })
  }
  await writeFile(join(folder, 'attempt.json'), JSON.stringify(facts), { mode: 0o600 })
  return folder
}

/** The folders that earlier runs of this worker left, by name. */
export async function leftFolders(data: string): Promise<readonly string[]> {
  await mkdir(attemptsFolder(data), { recursive: true, mode: 0o700 })
  return readdir(attemptsFolder(data))
}

/** Whose folder it is; null when the worker died before it had written that down. */
export async function readAttemptFile(folder: string): Promise<AttemptFile | null> {
  const text = await readFile(join(folder, 'attempt.json'), 'utf8').catch(() => '')
  try {
    return AttemptFile.parse(JSON.parse(text))
  } catch {
    return null
  }
}

/**
 * Removes an attempt's folder, also one without an owner's file because a killed worker had already
 * removed part of it. A folder that cannot be removed is logged and stays; other jobs continue.
 */
export async function removeAttemptFolder(
  folder: string,
  { kinds, log }: Pick<WorkerContext, 'kinds' | 'log'>,
): Promise<void> {
  const owner = await readAttemptFile(folder)
  const kind = owner === null ? undefined : kinds.get(owner.kind)
  try {
    await (kind === undefined ? removeTree(folder) : kind.remove(folder))
  } catch (error) {
    log.error({ folder, error }, 'attempt folder not removed')
  }
}
