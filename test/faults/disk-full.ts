// The disk of a hub's data folder fills up while an agent works. Runs as a program in a mount
// namespace of its own, so that the small disk goes away with it: `disk-full.ts <folder>`.
import { execFile } from 'node:child_process'
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { isAppError } from '../../src/domain/errors.ts'
import { conclude, type Episode } from './episode.ts'
import { World } from './world.ts'

const run = promisify(execFile)
const MiB = 1024 * 1024
const DISK = `size=${48 * MiB},mode=700`
const KEEP_FREE = 8 * MiB
/** What the hub owes whoever asks while its disk is full, and once there is room again. */
const REFUSE_MS = 2000
const HEAL_MS = 30_000

/** Starts the program below. Needs Linux and root. */
export async function runOnFullDisk(folder: string): Promise<Episode> {
  const program = [process.execPath, import.meta.filename, folder]
  const { stdout } = await run('unshare', ['--mount', ...program], { maxBuffer: 16 * MiB })
  // Printed by this very file.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return JSON.parse(stdout) as Episode
}

async function fillUp(folder: string): Promise<Episode> {
  const began = performance.now()
  const world = await World.make({ folder, database: null })
  try {
    await mkdir(world.hubFolder)
    await run('mount', ['-t', 'tmpfs', '-o', DISK, 'none', world.hubFolder])
    await world.startHub({ keepFree: KEEP_FREE })
    await world.startWorker('worker-1').ready()
    const script = 'for i in 1 2 3 4 5 6; do echo $i; sleep 0.5; done; echo whole > work'
    const first = await world.submit({ title: 'job-1', script })
    await world.until(first, ({ step }) => step === 'agent')

    const filler = join(world.hubFolder, 'filler')
    const { bavail, bsize } = await statfs(world.hubFolder)
    await writeFile(filler, Buffer.alloc(bavail * bsize)).catch(() => {})
    const refusedAfter = await timed(() => refused(world))
    // The agent ends meanwhile, and has nobody to tell.
    await world.until(first, () => false, 4000)
    await rm(filler)
    const takenAfter = await timed(() =>
      world.submit({ title: 'job-2', script: 'echo whole > work' }),
    )
    const note = `refused after ${refusedAfter} ms, took work again after ${takenAfter} ms`
    const episode = await conclude(world, { name: 'full disk', folder, blows: 1, began, note })
    const late = refusedAfter > REFUSE_MS || takenAfter > HEAL_MS
    return late ? { ...episode, lost: [...episode.lost, note] } : episode
  } finally {
    await world.close()
  }
}

/** Submits until it is refused for want of room. */
async function refused(world: World): Promise<void> {
  for (;;) {
    try {
      const body = { kind: 'code', payload: PAYLOAD, labels: ['nobody'] }
      const { id } = await world.client().call('submitJob', { body })
      await world
        .client()
        .call('cancelJob', { params: { job: id } })
        .catch(() => {})
    } catch (error) {
      if (isAppError(error, 'disk-full')) return
      if (!isAppError(error) || !error.retryable) throw error
    }
  }
}

const PAYLOAD = {
  repository: '/nowhere',
  prompt: 'refused',
  agent: { name: 'command', run: ['true'] as [string, ...string[]] },
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return Math.round(performance.now() - began)
}

if (import.meta.main) {
  const [folder = ''] = process.argv.slice(2)
  await mkdir(folder, { recursive: true })
  process.stdout.write(JSON.stringify(await fillUp(folder)))
}
