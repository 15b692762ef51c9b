import { describe, expect, it } from 'vitest'
import type { Sent } from '../domain/callback.ts'
import type { DeliveryEnd, TakenDelivery } from '../ledger/port.ts'
import { systemClock } from '../platform/clock.ts'
import { silentLog } from '../platform/log.ts'
import { deliverDue } from './deliver.ts'
import { DeliveryTally } from './delivery-tally.ts'
import { UnderWay } from './under-way.ts'

const MESSAGE = { id: 'msg', url: 'https://hooks.example/', host: 'hooks.example', body: '{}' }
const answered = (status: number): Sent => ({ kind: 'answered', status, retryAfterMs: null })
const UNANSWERED: Sent = { kind: 'unanswered', error: 'the hub stopped' }

/** What becomes of one message, and the moments on its way; the hub is told to stop while it is sent. */
async function delivered(sent: Sent, { stopping }: { readonly stopping: boolean }) {
  const stop = new AbortController()
  const due: TakenDelivery[] = [{ ...MESSAGE, tries: 1, until: 1 }]
  const ends: DeliveryEnd['next'][] = []
  const moments: string[] = []
  const underWay = new UnderWay()
  const context = {
    ledger: {
      takeDelivery: async () => due.shift() ?? null,
      markDelivery: async (_: unknown, { next }: DeliveryEnd) => ends.push(next) > 0,
    },
    send: async () => {
      if (stopping) stop.abort()
      return sent
    },
    underWay,
    tally: new DeliveryTally(),
    random: (count: number) => new Uint8Array(count),
    clock: systemClock,
    log: silentLog,
    probe: (label: string) => void moments.push(label),
  }
  await deliverDue(context, stop.signal)
  await underWay.none()
  return { next: ends[0], moments }
}

describe('a message on its way while the hub stops', () => {
  it.each([
    [204, { state: 'delivered' }],
    [410, { state: 'failed' }],
    [500, { state: 'pending', delayMs: 5000 }],
  ] as const)('that was answered with %i is marked as it always is', async (status, next) => {
    expect(await delivered(answered(status), { stopping: true })).toMatchObject({ next })
  })

  it('that was not answered is due at once', async () => {
    const { next } = await delivered(UNANSWERED, { stopping: true })
    expect(next).toEqual({ state: 'pending', delayMs: 0 })
  })
})

describe('a message', () => {
  it('was received when somebody answered, and at no other moment', async () => {
    const { moments } = await delivered(answered(204), { stopping: false })
    expect(moments).toEqual(['delivered'])
    expect(await delivered(UNANSWERED, { stopping: false })).toEqual({
      next: { state: 'pending', delayMs: 5000 },
      moments: [],
    })
  })
})
