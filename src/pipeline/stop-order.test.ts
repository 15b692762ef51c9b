import { describe, expect, it } from 'vitest'
import type { StopCause } from '../domain/stop.ts'
import { StopOrder } from './stop-order.ts'

const CANCELLED: StopCause = { kind: 'cancelled' }
const DRAINED: StopCause = { kind: 'drained' }
const LOST: StopCause = { kind: 'lease-lost' }

describe('a stop order', () => {
  it('keeps the first cause', () => {
    const stops = new StopOrder()
    stops.stop(CANCELLED)
    stops.stop(DRAINED)
    expect(stops.why).toEqual(CANCELLED)
    expect(stops.signal.reason).toMatchObject({ why: CANCELLED })
    expect(stops.leaseLost.aborted).toBe(false)
  })

  it('gives way to the loss of the lease', () => {
    const stops = new StopOrder()
    stops.stop(CANCELLED)
    stops.stop(LOST)
    expect(stops.why).toEqual(LOST)
    expect(stops.leaseLost.aborted).toBe(true)
    expect(() => stops.check()).toThrow('lease-lost')
  })

  it('lets a recorded publication finish, whoever wants to stop it', async () => {
    const stops = new StopOrder()
    await stops.recording(async () => {})
    stops.stop(CANCELLED)
    stops.stop({ kind: 'limit', reason: 'wall-limit', detail: '' })
    expect(stops.signal.aborted).toBe(false)
    stops.check()
  })

  it('ends even a recorded publication when the lease is lost', async () => {
    const stops = new StopOrder()
    await stops.recording(async () => {})
    stops.stop(LOST)
    expect(stops.signal.aborted).toBe(true)
  })

  it('holds a stop back while a publication is being recorded, and drops it after the record', async () => {
    const stops = new StopOrder()
    await stops.recording(async () => {
      stops.stop(CANCELLED)
      expect(stops.signal.aborted).toBe(false)
    })
    expect(stops.signal.aborted).toBe(false)
  })

  it('stops after all when the record was refused', async () => {
    const stops = new StopOrder()
    const refused = stops.recording(async () => {
      stops.stop(CANCELLED)
      throw new Error('refused')
    })
    await expect(refused).rejects.toThrow('refused')
    expect(stops.signal.reason).toMatchObject({ why: CANCELLED })
  })

  it('records nothing after a stop', async () => {
    const stops = new StopOrder()
    stops.stop(CANCELLED)
    let recorded = false
    const late = stops.recording(async () => {
      recorded = true
    })
    await expect(late).rejects.toMatchObject({ why: CANCELLED })
    expect(recorded).toBe(false)
  })

  it('finds out by itself that the lease ran out while nobody could say so', () => {
    let lapsed = false
    const stops = new StopOrder(() => lapsed)
    stops.check()
    lapsed = true
    expect(() => stops.check()).toThrow('lease-lost')
    expect(stops.signal.aborted).toBe(true)
  })

  it('ends the time for keeping work when the lease is lost or the worker must go', () => {
    const lost = new StopOrder()
    const hurried = new StopOrder()
    const graces = [lost.grace(), hurried.grace()]
    lost.stop(LOST)
    hurried.hurry()
    expect(graces.map(({ aborted }) => aborted)).toEqual([true, true])
    expect(new StopOrder().grace().aborted).toBe(false)
  })
})
