import { describe, expect, it } from 'vitest'
import { systemClock } from '../../platform/clock.ts'
import { ClaimLine, type WaitingClaim } from './claim-line.ts'

const forever = new AbortController().signal
const LONG = 60_000

/** Joins the line and waits; adds its name to `called` when woken. */
function waiter(line: ClaimLine, name: string, called: string[], serves = 'code'): WaitingClaim {
  const place = line.join(serves)
  place.look()
  void place.wait(LONG, forever).then(() => called.push(name))
  return place
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('the line of waiting workers', () => {
  it('news of work calls the head of each line only', async () => {
    const line = new ClaimLine(systemClock)
    const called: string[] = []
    const places = [
      waiter(line, 'first', called),
      waiter(line, 'second', called),
      waiter(line, 'other', called, 'site'),
    ]
    line.callHeads()
    await settled()
    expect(called).toEqual(['first', 'other'])
    for (const place of places) place.leave()
    line.callHeads()
  })

  it('a claim that found work calls the next', async () => {
    const line = new ClaimLine(systemClock)
    const called: string[] = []
    const first = waiter(line, 'first', called)
    waiter(line, 'second', called)
    line.callHeads()
    await settled()
    first.callNext()
    await settled()
    expect(called).toEqual(['first', 'second'])
  })

  it('a call that comes during a search is not lost', async () => {
    const line = new ClaimLine(systemClock)
    const place = line.join('code')
    place.look()
    line.callHeads()
    await expect(place.wait(LONG, forever)).resolves.toBeUndefined()
  })

  it('a claim that leaves passes an unheeded call on', async () => {
    const line = new ClaimLine(systemClock)
    const called: string[] = []
    const leaver = line.join('code')
    leaver.look()
    waiter(line, 'next', called)
    line.callHeads()
    leaver.leave()
    await settled()
    expect(called).toEqual(['next'])
    expect(line.waiting).toBe(1)
  })

  it('waiting ends after its time, or when the caller disconnects', async () => {
    const line = new ClaimLine(systemClock)
    const place = line.join('code')
    await place.wait(1, forever)
    await place.wait(LONG, AbortSignal.abort())
    const gone = new AbortController()
    const waiting = place.wait(LONG, gone.signal)
    gone.abort()
    await expect(waiting).resolves.toBeUndefined()
  })
})
