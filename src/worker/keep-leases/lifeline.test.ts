import { describe, expect, it } from 'vitest'
import { Lifeline } from './lifeline.ts'

/** Time that the test moves; who sleeps is woken when it has come. */
function handClock() {
  const time = { ms: 5000 }
  const sleep = async (ms: number): Promise<void> => {
    time.ms += ms
  }
  return { time, clock: { monotonic: () => time.ms, sleep } }
}

describe('a lifeline', () => {
  it('lapses after three quarters of the lease, counted from when a renewal was sent', () => {
    const { time, clock } = handClock()
    const lifeline = new Lifeline(clock, 1000)
    time.ms = 5500
    lifeline.acknowledged(5400)
    time.ms = 6149
    expect(lifeline.lapsed()).toBe(false)
    time.ms = 6150
    expect(lifeline.lapsed()).toBe(true)
  })

  it('does not shrink when an older answer comes late', () => {
    const { time, clock } = handClock()
    const lifeline = new Lifeline(clock, 1000)
    lifeline.acknowledged(4000)
    time.ms = 5749
    expect(lifeline.lapsed()).toBe(false)
  })

  it('stays lapsed, whatever is answered afterwards', () => {
    const { time, clock } = handClock()
    const lifeline = new Lifeline(clock, 1000)
    time.ms = 5750
    lifeline.acknowledged(5749)
    lifeline.retire()
    expect(lifeline.lapsed()).toBe(true)
  })

  it('is one and the same for all who share its memory', () => {
    const { clock } = handClock()
    const mine = new Lifeline(clock, 1000)
    const theirs = new Lifeline(clock, 1000, mine.shared)
    theirs.acknowledged(9000)
    expect(mine.lapsed()).toBe(false)
    theirs.cut()
    expect(mine.lapsed()).toBe(true)
  })

  it('is waited for until its end, which answers move', async () => {
    const { time, clock } = handClock()
    const sleep = async (ms: number) => {
      if (time.ms === 5000) lifeline.acknowledged(5700)
      time.ms += ms
    }
    const lifeline = new Lifeline({ ...clock, sleep }, 1000)
    await lifeline.end(new AbortController().signal)
    expect(time.ms).toBe(6450)
  })

  it('that is retired lapses no more', () => {
    const { time, clock } = handClock()
    const lifeline = new Lifeline(clock, 1000)
    lifeline.retire()
    lifeline.acknowledged(5001)
    lifeline.cut()
    time.ms = 1e12
    expect(lifeline.lapsed()).toBe(false)
  })
})
