import type { Verdict } from './evidence.ts'
import type { World } from './world.ts'

/** A world that was tormented in one way, and what became of it. */
export type Episode = Verdict & {
  readonly name: string
  readonly jobs: number
  /** How often something was killed, restarted, set or made bad. */
  readonly blows: number
  /** From the death of a worker to the next claim of each of its jobs, in milliseconds. */
  readonly takeovers: readonly number[]
  readonly crashes: number
  readonly seconds: number
  /** What was measured besides, in words. */
  readonly note: string
  /** Left to be looked at when something is wrong. */
  readonly folder: string
}

/** The death of a worker, by the wall clock. */
export type Death = { readonly worker: string; readonly at: number }

type Story = {
  readonly name: string
  readonly folder: string
  readonly blows: number
  readonly began: number
  readonly deaths?: readonly Death[]
  /** No lease may have run out: each job has one attempt. */
  readonly once?: boolean
  readonly note?: string
}

/** Waits for every job and judges. */
export async function conclude(world: World, story: Story): Promise<Episode> {
  await world.untilEnded()
  const { facts, ...verdict } = await world.judge()
  const seconds = (performance.now() - story.began) / 1000
  const takeovers = (story.deaths ?? []).flatMap((death) =>
    [...facts.events.values()].flatMap((events) => takeoverOf(death, events)),
  )
  const { name, folder, blows, note = '', once = false } = story
  const again = facts.jobs.filter(({ attempt }) => once && attempt > 1)
  const { crashes } = world
  return {
    ...verdict,
    lost: [...verdict.lost, ...again.map(({ title }) => `${title} was taken over`)],
    name,
    folder,
    blows,
    note,
    takeovers,
    crashes,
    seconds,
    jobs: facts.asked.length,
  }
}

type Events = Parameters<typeof takeoverOf>[1]

/** How long a job that ran on that worker waited for the next one; nothing when none did. */
function takeoverOf(
  { worker, at }: Death,
  events: readonly { readonly type: string; readonly at: number; readonly worker?: unknown }[],
): readonly number[] {
  const before = events.filter((event) => event.at <= at)
  const last = before.findLast(({ type }) => ['claimed', 'requeued', 'ended'].includes(type))
  if (last?.type !== 'claimed' || last.worker !== worker) return []
  const next = events.find((event: Events[number]) => event.type === 'claimed' && event.at > at)
  return next === undefined ? [] : [next.at - at]
}
