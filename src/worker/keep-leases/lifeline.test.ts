import { describe, expect, it } from 'vitest'
import { Lifeline } from './lifeline.ts'

/** A clock that the test advances; `sleep` advances it too. */
function handClock() {
  const time = { ms: 5000 }
  const sleep = async (ms: number): Promise<void> => {
    time.ms += ms
  }
  return { time, clock: { monotonic: () => time.ms, sleep } }
}

/** A clock that lets another thread act between this thread's read and its write. */
function meetingClock() {
  const { time, clock } = handClock()
  const acts: (() => void)[] = []
  const monotonic = () => {
    acts.shift()?.()
    return clock.monotonic()
  }
  const meanwhile = (act: () => void): void => void acts.push(act)
  return { time, clock: { ...clock, monotonic }, meanwhile }
}

const cut = (lifeline: Lifeline): void => lifeline.cut()
const retire = (lifeline: Lifeline): void => lifeline.retire()
const renew = (lifeline: Lifeline): void => lifeline.acknowledged(5001)

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

  it('is the same for all threads that share its memory', () => {
    const { clock } = handClock()
    const mine = new Lifeline(clock, 1000)
    const theirs = new Lifeline(clock, 1000, mine.shared)
    theirs.acknowledged(9000)
    expect(mine.lapsed()).toBe(false)
    theirs.cut()
    expect(mine.lapsed()).toBe(true)
  })

  it('is waited for until its end, which renewals extend', async () => {
    const { time, clock } = handClock()
    const sleep = async (ms: number) => {
      if (time.ms === 5000) lifeline.acknowledged(5700)
      time.ms += ms
    }
    const lifeline = new Lifeline({ ...clock, sleep }, 1000)
    await lifeline.end(new AbortController().signal)
    expect(time.ms).toBe(6450)
  })

  it('that is retired never lapses', () => {
    const { time, clock } = handClock()
    const lifeline = new Lifeline(clock, 1000)
    lifeline.retire()
    lifeline.acknowledged(5001)
    lifeline.cut()
    time.ms = 1e12
    expect(lifeline.lapsed()).toBe(false)
  })
  it.each([
    { was: 'cut', is: 'retired', acts: [cut, retire], lapsed: true },
    { was: 'cut', is: 'renewed', acts: [cut, renew], lapsed: true },
    { was: 'retired', is: 'renewed', acts: [retire, renew], lapsed: false },
    { was: 'renewed', is: 'retired', acts: [renew, retire], lapsed: false },
  ] as const)('that is $was while it is being $is says so', ({ acts, lapsed }) => {
    const [theirAct, myAct] = acts
    const { time, clock, meanwhile } = meetingClock()
    const mine = new Lifeline(clock, 1000)
    const theirs = new Lifeline(handClock().clock, 1000, mine.shared)
    meanwhile(() => theirAct(theirs))
    myAct(mine)
    if (!lapsed) time.ms = 1e12
    expect(mine.lapsed()).toBe(lapsed)
  })
})
