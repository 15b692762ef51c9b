import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { testClock } from '../../test/support/clock.ts'
import type { WorkerEvent } from '../domain/event.ts'
import { tellProgress } from './tell-progress.ts'

/** A teller with a clock that the test advances. */
function aTeller() {
  const told: WorkerEvent[] = []
  const clock = testClock()
  const teller = tellProgress({ tell: (event) => told.push(event) }, clock)
  const see = (...fractions: readonly number[]): void => {
    for (const fraction of fractions) teller.see({ fraction, text: '' })
  }
  const later = async (ms: number): Promise<void> => {
    clock.advance(ms)
    await setImmediate()
  }
  const fractions = () => told.map((event) => (event.type === 'progress' ? event.fraction : null))
  return { teller, see, later, fractions }
}

it('progress is told at once, then the newest every 5 seconds', async () => {
  const { teller, see, later, fractions } = aTeller()
  see(0.1, 0.2, 0.3)
  expect(fractions()).toEqual([0.1])
  await later(4900)
  expect(fractions()).toEqual([0.1])
  await later(200)
  expect(fractions()).toEqual([0.1, 0.3])
  await later(20_000)
  see(0.4, 0.5)
  expect(fractions()).toEqual([0.1, 0.3, 0.4])
  await teller[Symbol.asyncDispose]()
  await later(5100)
  expect(fractions()).toEqual([0.1, 0.3, 0.4])
})

it('progress is told a thousand times and no more', async () => {
  const { teller, see, later, fractions } = aTeller()
  for (let second = 0; second < 1010; second += 1) {
    see(second / 2000)
    await later(5001)
  }
  expect(fractions()).toHaveLength(1000)
  await teller[Symbol.asyncDispose]()
})
