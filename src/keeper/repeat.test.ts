import { describe, expect, it } from 'vitest'
import { AppError } from '../domain/errors.ts'
import { silentLog } from '../platform/log.ts'
import { repeat } from './repeat.ts'

/** Runs once per ending, without real waiting; returns the delays that were asked for. */
async function waitsBetween(endings: readonly (Error | 'well')[]): Promise<readonly number[]> {
  const stopping = new AbortController()
  const waits: number[] = []
  const clock = {
    now: () => 0,
    monotonic: () => 0,
    sleep: async (ms: number) => {
      waits.push(ms)
      if (waits.length === endings.length) stopping.abort()
    },
  }
  const work = async () => {
    const ending = endings[waits.length]
    if (ending instanceof Error) throw ending
  }
  const repetition = { loop: 'test', everyMs: 1000, clock, log: silentLog }
  await repeat(work, repetition, stopping.signal)
  return waits
}

const full = new AppError('disk-full', 'no space left')

describe('a loop', () => {
  it('waits the same time after each successful run', async () => {
    expect(await waitsBetween(['well', 'well', 'well'])).toEqual([1000, 1000, 1000])
  })

  it('waits longer after each retryable error, up to 30 s, and the usual time after a success', async () => {
    const endings = [full, full, full, full, full, full, 'well', full] as const
    expect(await waitsBetween(endings)).toEqual([
      2000, 4000, 8000, 16_000, 30_000, 30_000, 1000, 2000,
    ])
  })

  it('ends with any other error', async () => {
    const bug = new TypeError('a bug')
    await expect(waitsBetween(['well', bug, 'well'])).rejects.toBe(bug)
    const hopeless = new AppError('schema-newer', 'a newer schema')
    await expect(waitsBetween([hopeless, 'well'])).rejects.toBe(hopeless)
  })
})
