import { describe, expect, it } from 'vitest'
import type { Sent } from '../domain/callback.ts'
import type { DeliveryEnd, TakenDelivery } from '../ledger/delivery-rows.ts'
import { systemClock } from '../platform/clock.ts'
import { silentLog } from '../platform/log.ts'
import { deliverDue } from './deliver.ts'
import { DeliveryTally } from './delivery-tally.ts'
import { InFlight } from './in-flight.ts'

const MESSAGE = { id: 'msg', url: 'https://hooks.example/', host: 'hooks.example', body: '{}' }
const answered = (status: number): Sent => ({ kind: 'answered', status, retryAfterMs: null })
const UNANSWERED: Sent = { kind: 'unanswered', error: 'the hub stopped' }

/** The end of one message, and the probes it passed; with `stopping` the hub stops during the request. */
async function delivered(sent: Sent, { stopping }: { readonly stopping: boolean }) {
  const stop = new AbortController()
  const due: TakenDelivery[] = [{ ...MESSAGE, tries: 1, until: 1 }]
  const ends: DeliveryEnd['next'][] = []
  const probes: string[] = []
  const inFlight = new InFlight()
  const context = {
    ledger: {
      takeDelivery: async () => due.shift() ?? null,
      markDelivery: async (_: unknown, { next }: DeliveryEnd) => ends.push(next) > 0,
    },
    send: async () => {
      if (stopping) stop.abort()
      return sent
    },
    inFlight,
    tally: new DeliveryTally(),
    random: (count: number) => new Uint8Array(count),
    clock: systemClock,
    log: silentLog,
    probe: (label: string) => void probes.push(label),
  }
  await deliverDue(context, stop.signal)
  await inFlight.allDone()
  return { next: ends[0], probes }
}

describe('a message being sent while the hub stops', () => {
  it.each([
    [204, { state: 'delivered' }],
    [410, { state: 'failed' }],
    [500, { state: 'pending', delayMs: 5000 }],
  ] as const)('that was answered with %i is marked as usual', async (status, next) => {
    expect(await delivered(answered(status), { stopping: true })).toMatchObject({ next })
  })

  it('that was not answered is due again at once', async () => {
    const { next } = await delivered(UNANSWERED, { stopping: true })
    expect(next).toEqual({ state: 'pending', delayMs: 0 })
  })
})

describe('a message', () => {
  it('counts as received only when the receiver answered', async () => {
    const { probes } = await delivered(answered(204), { stopping: false })
    expect(probes).toEqual(['delivered'])
    expect(await delivered(UNANSWERED, { stopping: false })).toEqual({
      next: { state: 'pending', delayMs: 5000 },
      probes: [],
    })
  })
})
