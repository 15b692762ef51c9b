import type { Send } from '../domain/callback.ts'
import type { RandomBytes } from '../domain/id.ts'
import type { Probe } from '../domain/probe.ts'
import type { DeliveryEnd, TakenDelivery } from '../ledger/delivery-rows.ts'
import type { Ledger } from '../ledger/port.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/log.ts'
import { afterSend } from './after-send.ts'
import type { DeliveryTally } from './delivery-tally.ts'
import { repeat } from './repeat.ts'
import { InFlight } from './in-flight.ts'

const EVERY_MS = 1000
/** Maximum number of messages that one call of `deliverDue` sends. */
const MESSAGES_MAX = 1000
/**
 * Duration of the lease on a message that is being sent. It is longer than the timeout of a try, so
 * that no other hub sends the message at the same time.
 */
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

/** Like `DeliverContext`, but `send` is null if this hub delivers no callbacks. */
export type DeliverLoopContext = Omit<DeliverContext, 'send' | 'inFlight'> & {
  readonly send: Send | null
}

/**
 * Starts to send the due messages, within the limits of `InFlight`. Returns without waiting for the
 * last requests to finish. While the only due messages left are for busy hosts, waits until a
 * request finishes, or for a second, and checks again.
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

/**
 * Sends one message and records the result. If the hub dies before it records the result, the
 * message is sent again with the same id.
 */
async function deliver(
  { ledger, send, tally, random, log, probe }: DeliverContext,
  delivery: TakenDelivery,
  signal: AbortSignal,
): Promise<void> {
  const { id, tries } = delivery
  const sent = await send(delivery, signal)
  if (sent.kind === 'answered') await probe('delivered')
  // If the shutdown of this hub interrupted the try, the delivery returns to pending. If the
  // receiver responded before the interruption, the response counts.
  const isInterrupted = signal.aborted && sent.kind === 'unanswered'
  const next: DeliveryEnd['next'] = isInterrupted
    ? { state: 'pending', delayMs: 0 }
    : afterSend(tries, sent, (random(1)[0] ?? 0) / 256)
  if (!(await ledger.markDelivery(delivery, { sent, next }))) return
  tally.add(next.state)
  const facts = { delivery: id, tries, sent }
  if (next.state === 'failed') log.warn(facts, 'callback failed permanently')
  else if (next.state === 'pending') {
    log.debug({ ...facts, delayMs: next.delayMs }, 'callback not delivered; it will be retried')
  } else log.debug(facts, 'callback delivered')
}

/**
 * Sends due messages every second until the signal aborts. Then interrupts the open requests, and
 * waits until each of them has finished.
 */
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
