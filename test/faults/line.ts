// A bad line between everybody and the hub, one way of being bad after the other.
import { mkdir } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import type { Toxic } from '../support/chaos-proxy.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { conclude, type Episode } from './episode.ts'
import { LEASE_MS, World } from './world.ts'

/** Longer than a lease, so that a worker that hears nothing gives its jobs up. */
const BAD_MS = LEASE_MS + 2500
const JOBS = 4

export const TOXICS: readonly Toxic[] = [
  { kind: 'latency', ms: 300 },
  { kind: 'reset', share: 0.3 },
  { kind: 'black-hole', way: 'to hub' },
  { kind: 'black-hole', way: 'from hub' },
  { kind: 'half-open' },
  { kind: 'duplicate', share: 1 },
  { kind: 'lost-reply', share: 0.5 },
]

export async function runOnBadLine(
  toxic: Toxic,
  { folder, seed }: { readonly folder: string; readonly seed: number },
): Promise<Episode> {
  const began = performance.now()
  await mkdir(folder, { recursive: true })
  const world = await World.make({ folder, database: null, random: seededRandom(seed) })
  try {
    await world.startHub()
    await world.startWorker('worker-1', { slots: 2 }).ready()
    await world.startWorker('worker-2', { slots: 2 }).ready()
    const first = await submit(world, 0)
    await world.until(first, ({ step }) => step === 'agent')
    world.proxy.poison(toxic)
    const others = Array.from({ length: JOBS - 1 }, (_, index) => submit(world, index + 1))
    await pause(BAD_MS)
    world.proxy.poison(null)
    await Promise.all(others)
    const how = 'way' in toxic ? ` ${toxic.way}` : ''
    return await conclude(world, { name: `line: ${toxic.kind}${how}`, folder, blows: 1, began })
  } finally {
    await world.close()
  }
}

const submit = (world: World, number: number) =>
  world.submit({
    title: `job-${number}`,
    script: 'for i in 1 2 3 4; do echo $i; sleep 0.5; done; echo whole > work',
    locks: number % 2 === 0 ? ['site:a'] : [],
  })
