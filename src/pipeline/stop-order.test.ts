import { describe, expect, it } from 'vitest'
import type { StopCause } from '../domain/stop.ts'
import { StopOrder } from './stop-order.ts'

const CANCELLED: StopCause = { kind: 'cancelled' }
const DRAINED: StopCause = { kind: 'drained' }
const LOST: StopCause = { kind: 'lease-lost' }

describe('a stop order', () => {
  it('keeps the first cause', () => {
    const stopOrder = new StopOrder()
    stopOrder.stop(CANCELLED)
    stopOrder.stop(DRAINED)
    expect(stopOrder.why).toEqual(CANCELLED)
    expect(stopOrder.signal.reason).toMatchObject({ why: CANCELLED })
    expect(stopOrder.leaseLost.aborted).toBe(false)
  })

  it('is overridden by the loss of the lease', () => {
    const stopOrder = new StopOrder()
    stopOrder.stop(CANCELLED)
    stopOrder.stop(LOST)
    expect(stopOrder.why).toEqual(LOST)
    expect(stopOrder.leaseLost.aborted).toBe(true)
    expect(() => stopOrder.check()).toThrow('its lease is lost')
  })

  it('lets a recorded publication finish in spite of a cancel or a limit', async () => {
    const stopOrder = new StopOrder()
    await stopOrder.recording(async () => {})
    stopOrder.stop(CANCELLED)
    stopOrder.stop({ kind: 'limit', reason: 'wall-limit', detail: '' })
    expect(stopOrder.signal.aborted).toBe(false)
    stopOrder.check()
  })

  it('ends even a recorded publication when the lease is lost', async () => {
    const stopOrder = new StopOrder()
    await stopOrder.recording(async () => {})
    stopOrder.stop(LOST)
    expect(stopOrder.signal.aborted).toBe(true)
  })

  it('holds a stop back while a publication is being recorded, and drops it after the record', async () => {
    const stopOrder = new StopOrder()
    await stopOrder.recording(async () => {
      stopOrder.stop(CANCELLED)
      expect(stopOrder.signal.aborted).toBe(false)
    })
    expect(stopOrder.signal.aborted).toBe(false)
  })

  it('stops after all when the record was refused', async () => {
    const stopOrder = new StopOrder()
    const refused = stopOrder.recording(async () => {
      stopOrder.stop(CANCELLED)
      throw new Error('refused')
    })
    await expect(refused).rejects.toThrow('refused')
    expect(stopOrder.signal.reason).toMatchObject({ why: CANCELLED })
  })

  it('records nothing after a stop', async () => {
    const stopOrder = new StopOrder()
    stopOrder.stop(CANCELLED)
    let recorded = false
    const late = stopOrder.recording(async () => {
      recorded = true
    })
    await expect(late).rejects.toMatchObject({ why: CANCELLED })
    expect(recorded).toBe(false)
  })

  it('detects by itself that the lease expired', () => {
    let lapsed = false
    const stopOrder = new StopOrder(() => lapsed)
    stopOrder.check()
    lapsed = true
    expect(() => stopOrder.check()).toThrow('its lease is lost')
    expect(stopOrder.signal.aborted).toBe(true)
  })

  it('ends the grace period when the lease is lost, or a second after the worker must exit', async () => {
    const lost = new StopOrder()
    const hurried = new StopOrder()
    const graces = [lost.grace(), hurried.grace()]
    lost.stop(LOST)
    hurried.hurry()
    const ended = () => graces.map(({ aborted }) => aborted)
    expect(ended()).toEqual([true, false])
    await expect.poll(ended, { timeout: 5000 }).toEqual([true, true])
    expect(new StopOrder().grace().aborted).toBe(false)
  })
})
