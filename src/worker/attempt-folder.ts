import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { LogStream } from '../domain/attempt.ts'
import { Fence } from '../domain/lease.ts'
import { removeTree } from '../platform/remove-tree.ts'
import type { WorkerContext } from './context.ts'

/**
 * The content of `attempt.json`: what a restarted worker needs to know about an attempt that died
 * on this machine. Never contains the attempt's token.
 */
const AttemptFile = z.strictObject({ ...Fence.shape, kind: z.string() })
export type AttemptFile = z.infer<typeof AttemptFile>

/** The attempt's name on this worker, used as its folder name and to mark its processes. */
export const attemptName = ({ jobId, attempt }: Fence): string => `${jobId}-${attempt}`

/** Parses the name of an attempt; returns null if the text is not such a name. */
export function fenceOfName(name: string): Fence | null {
  const dash = name.lastIndexOf('-')
  const fence = { jobId: name.slice(0, dash), attempt: Number(name.slice(dash + 1)) }
  return Fence.safeParse(fence).data ?? null
}

export const attemptsFolder = (data: string): string => join(data, 'attempts')
export const attemptFolder = (data: string, fence: Fence): string =>
  join(attemptsFolder(data), attemptName(fence))

/** Where a log stream is written before it is sent to the hub. */
export const streamFile = (folder: string, stream: LogStream): string => join(folder, 'log', stream)

/** Where an artifact that was given as text is written. */
export const keptFile = (folder: string, name: string): string => join(folder, 'kept', name)

/** Creates an attempt's folder and writes `attempt.json` into it. */
export async function makeAttemptFolder(data: string, facts: AttemptFile): Promise<string> {
  const folder = attemptFolder(data, facts)
  for (const part of ['log', 'kept']) {
    await mkdir(join(folder, part), { recursive: true, mode: 0o700 })
  }
  await writeFile(join(folder, 'attempt.json'), JSON.stringify(facts), { mode: 0o600 })
  return folder
}

/** Lists the names of the attempt folders left by earlier runs of this worker. */
export async function leftFolders(data: string): Promise<readonly string[]> {
  await mkdir(attemptsFolder(data), { recursive: true, mode: 0o700 })
  return readdir(attemptsFolder(data))
}

/**
 * Reads a folder's `attempt.json`. Returns null if the worker died before it had written the file.
 */
export async function readAttemptFile(folder: string): Promise<AttemptFile | null> {
  const text = await readFile(join(folder, 'attempt.json'), 'utf8').catch(() => '')
  try {
    return AttemptFile.parse(JSON.parse(text))
  } catch {
    return null
  }
}

/** Delays before the retries of a removal that failed, in milliseconds. */
const RETRY_DELAYS_MS = [100, 1000, 5000]

/**
 * Removes an attempt's folder. Works without `attempt.json`, because a worker that was killed
 * during the removal may have deleted that file already. Retries a removal that fails, because a
 * process that is being killed may still write files. If the last try fails, logs the error and
 * returns, so that other jobs continue.
 */
export async function removeAttemptFolder(
  folder: string,
  { kinds, log, clock }: Pick<WorkerContext, 'kinds' | 'log' | 'clock'>,
): Promise<void> {
  const owner = await readAttemptFile(folder)
  const kind = owner === null ? undefined : kinds.get(owner.kind)
  const remove = () => (kind === undefined ? removeTree(folder) : kind.remove(folder))
  for (const delayMs of RETRY_DELAYS_MS) {
    if (await succeeds(remove())) return
    await clock.sleep(delayMs)
  }
  try {
    await remove()
  } catch (error) {
    log.error({ folder, error }, 'could not remove the attempt folder')
  }
}

const succeeds = (work: Promise<void>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  )
