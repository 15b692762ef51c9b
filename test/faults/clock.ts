// The clocks of hub and worker are set by hours, forwards and back, while an agent works longer
// than a lease.
import { mkdir } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { conclude, type Episode } from './episode.ts'
import { World } from './world.ts'

const HOUR = 3_600_000
/** Long enough that a busy machine lets none run out. */
const LEASE_MS = 20_000
/** Of hub and worker, one after the other, in milliseconds. */
const STEPS: readonly (readonly ['hub' | 'worker-1', number])[] = [
  ['hub', HOUR],
  ['worker-1', -HOUR],
  ['hub', -2 * HOUR],
  ['worker-1', 2 * HOUR],
]

export async function runWithClockSteps(folder: string): Promise<Episode> {
  const began = performance.now()
  await mkdir(folder, { recursive: true })
  const world = await World.make({ folder, database: null })
  try {
    await world.startHub()
    await world.startWorker('worker-1', { slots: 2, leaseMs: LEASE_MS }).ready()
    const script = `for i in $(seq 24); do echo $i; sleep 1; done; echo whole > work`
    const jobs = [
      await world.submit({ title: 'job-1', script }),
      await world.submit({ title: 'job-2', script }),
    ]
    for (const job of jobs) await world.until(job, ({ step }) => step === 'agent')
    for (const [name, ms] of STEPS) {
      world.program(name).tell(`step ${ms}`)
      await pause(LEASE_MS / 5)
    }
    const blows = STEPS.length
    const name = 'clock steps of an hour'
    return await conclude(world, { name, folder, blows, began, once: true })
  } finally {
    await world.close()
  }
}
