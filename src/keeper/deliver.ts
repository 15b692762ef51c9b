import type { Send } from '../domain/callback.ts'
import type { RandomBytes } from '../domain/id.ts'
import type { Probe } from '../domain/probe.ts'
import type { DeliveryEnd, Ledger, TakenDelivery } from '../ledger/port.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/log.ts'
import { afterSend } from './after-send.ts'
import type { DeliveryTally } from './delivery-tally.ts'
import { repeat } from './repeat.ts'
import { InFlight } from './in-flight.ts'

const EVERY_MS = 1000
/** Bound on the messages of one run. */
const MESSAGES_MAX = 1000
/** Lease on a message that is being sent; longer than the timeout of a try. */
const LEASE_MS = 15_000

export type DeliverContext = {
  readonly ledger: Pick<Ledger, 'takeDelivery' | 'markDelivery'>
  readonly send: Send
  readonly inFlight: InFlight
  readonly tally: DeliveryTally
  readonly random: RandomBytes
  readonly clock: Clock
  readonly log: Logger
  readonly probe: Probe
}

/** With a null `send`, this hub delivers nothing. */
export type DeliverLoopContext = Omit<DeliverContext, 'send' | 'inFlight'> & {
  readonly send: Send | null
}

/**
 * Sends all due messages, within the limits of `InFlight`. When every remaining message is for a
 * busy host, waits until one request ends, or a second, and checks again.
 */
export async function deliverDue(context: DeliverContext, signal: AbortSignal): Promise<void> {
  const { ledger, inFlight, clock } = context
  for (let messages = 0; messages < MESSAGES_MAX && !signal.aborted; messages += 1) {
    await inFlight.room()
    const { busyHosts } = inFlight
    const delivery = await ledger.takeDelivery(LEASE_MS, busyHosts)
    if (delivery !== null) inFlight.add(delivery.host, deliver(context, delivery, signal))
    else if (busyHosts.length === 0) return
    else await Promise.race([inFlight.oneDone(), clock.sleep(EVERY_MS, signal)])
  }
}

/** One try. If the hub dies between sending and marking, the message is sent again with the same id. */
async function deliver(
  { ledger, send, tally, random, log, probe }: DeliverContext,
  delivery: TakenDelivery,
  signal: AbortSignal,
): Promise<void> {
  const { id, tries } = delivery
  const sent = await send(delivery, signal)
  if (sent.kind === 'answered') await probe('delivered')
  // Only a delivery that this hub may have interrupted returns to pending; an answer counts.
  const isInterrupted = signal.aborted && sent.kind === 'unanswered'
  const next: DeliveryEnd['next'] = isInterrupted
    ? { state: 'pending', delayMs: 0 }
    : afterSend(tries, sent, (random(1)[0] ?? 0) / 256)
  if (!(await ledger.markDelivery(delivery, { sent, next }))) return
  tally.add(next.state)
  if (next.state === 'failed')
    log.warn({ delivery: id, tries, sent }, 'callback failed permanently')
  else log.debug({ delivery: id, tries, sent, next }, 'callback tried')
}

/** Sends due messages every second until the signal aborts, which also interrupts open requests. */
export async function start(
  { send, ...rest }: DeliverLoopContext,
  signal: AbortSignal,
): Promise<void> {
  if (send === null) return
  const { clock, log } = rest
  const inFlight = new InFlight()
  const context = { ...rest, send, inFlight }
  const repetition = { loop: 'deliver', everyMs: EVERY_MS, clock, log }
  await repeat(() => deliverDue(context, signal), repetition, signal)
  await inFlight.allDone()
}
