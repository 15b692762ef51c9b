import { once } from 'node:events'
import { expect, it } from 'vitest'
import type { WorkKind } from '../../src/domain/attempt.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { StopOrder } from '../../src/pipeline/stop-order.ts'
import { Lifeline } from '../../src/worker/keep-leases/lifeline.ts'
import { workOn } from '../../src/worker/work-on.ts'
import { startTestHub } from '../support/hub.ts'
import { aLease } from '../support/jobs.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { workerContext } from '../support/worker-context.ts'

const LEASE_MS = 1000

/** Works until it is stopped. */
const endless: WorkKind = {
  run: async (_attempt, signal) => {
    if (!signal.aborted) await once(signal, 'abort')
    throw signal.reason
  },
  salvage: async () => ({ files: [], checkpoint: null }),
  remove: async () => {},
  tidy: async () => 0,
}

it('an attempt whose lease lapsed while the hub was away ends at once and has no last word', async () => {
  await using hub = await startTestHub()
  const { lease } = await aLease(hub)
  const kinds = new Map([['code', endless]])
  const moments: string[] = []
  const probe = async (moment: string) => void moments.push(moment)
  const context = await workerContext(await tempFolder(), hub, { kinds, probe })
  await hub.close()

  const lifeline = new Lifeline(systemClock, LEASE_MS)
  const stopOrder = new StopOrder(() => lifeline.lapsed())
  const orders = { stopOrder, lifeline, leaving: new AbortController().signal }
  expect(await workOn(lease, context, orders)).toBe('left')
  expect(stopOrder.why).toEqual({ kind: 'lease-lost' })
  expect(moments).not.toContain('report-written')
})
