import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { newUuid, type RandomBytes } from '../domain/id.ts'
import type { WorkerIdentity } from '../domain/lease.ts'
import type { Clock } from '../platform/clock.ts'
import { writeDurably } from '../platform/durable-file.ts'
import { nullWhenMissing } from '../platform/errno.ts'

const WorkerFile = z.strictObject({ id: z.uuid() })

type Source = { readonly clock: Clock; readonly random: RandomBytes }

/** The worker's identity: the id stored in its data folder, and a new boot id for each start. */
export async function workerIdentity(
  folder: string,
  facts: Omit<WorkerIdentity, 'id' | 'bootId'>,
  { clock, random }: Source,
): Promise<WorkerIdentity> {
  const file = join(folder, 'worker.json')
  const found = await readFile(file, 'utf8').catch(nullWhenMissing)
  const id = found === null ? newUuid(clock.now(), random) : WorkerFile.parse(JSON.parse(found)).id
  if (found === null) await writeDurably(file, JSON.stringify({ id }))
  return { ...facts, id, bootId: newUuid(clock.now(), random) }
}
