import type { Send } from '../domain/callback.ts'
import type { RandomBytes } from '../domain/id.ts'
import type { Probe } from '../domain/probe.ts'
import type { DeliveryEnd, Ledger, TakenDelivery } from '../ledger/port.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/log.ts'
import { afterSend } from './after-send.ts'
import type { DeliveryTally } from './delivery-tally.ts'
import { repeat } from './repeat.ts'
import { UnderWay } from './under-way.ts'

const EVERY_MS = 1000
/** Messages a run, so that a loop never runs away. */
const MESSAGES_MAX = 1000
/** How long a message belongs to who took it: longer than any try. */
const LEASE_MS = 15_000

export type DeliverContext = {
  readonly ledger: Pick<Ledger, 'takeDelivery' | 'markDelivery'>
  readonly send: Send
  readonly underWay: UnderWay
  readonly tally: DeliveryTally
  readonly random: RandomBytes
  readonly clock: Clock
  readonly log: Logger
  readonly probe: Probe
}

/** With null, this hub sends none. */
export type DeliverLoopContext = Omit<DeliverContext, 'send' | 'underWay'> & {
  readonly send: Send | null
}

/**
 * Sets all that is due on its way, as much at once as is allowed. While only crowded hosts have
 * more to get it looks again when one message has arrived, or after a second.
 */
export async function deliverDue(context: DeliverContext, signal: AbortSignal): Promise<void> {
  const { ledger, underWay, clock } = context
  for (let messages = 0; messages < MESSAGES_MAX && !signal.aborted; messages += 1) {
    await underWay.room()
    const { crowded } = underWay
    const delivery = await ledger.takeDelivery(LEASE_MS, crowded)
    if (delivery !== null) underWay.add(delivery.host, deliver(context, delivery, signal))
    else if (crowded.length === 0) return
    else await Promise.race([underWay.fewer(), clock.sleep(EVERY_MS, signal)])
  }
}

/** One try. Killed between sending and marking, it is sent again under the same id. */
async function deliver(
  { ledger, send, tally, random, log, probe }: DeliverContext,
  delivery: TakenDelivery,
  signal: AbortSignal,
): Promise<void> {
  const { id, tries } = delivery
  const sent = await send(delivery, signal)
  if (sent.kind === 'answered') await probe('delivered')
  // Put back is only what this hub may itself have broken off: an answer stands.
  const isBrokenOff = signal.aborted && sent.kind === 'unanswered'
  const next: DeliveryEnd['next'] = isBrokenOff
    ? { state: 'pending', delayMs: 0 }
    : afterSend(tries, sent, (random(1)[0] ?? 0) / 256)
  if (!(await ledger.markDelivery(delivery, { sent, next }))) return
  tally.add(next.state)
  if (next.state === 'failed') log.warn({ delivery: id, tries, sent }, 'callback failed for good')
  else log.debug({ delivery: id, tries, sent, next }, 'callback sent')
}

/** Looks for messages every second until the signal aborts; those on their way are then cut off. */
export async function start(
  { send, ...rest }: DeliverLoopContext,
  signal: AbortSignal,
): Promise<void> {
  if (send === null) return
  const { clock, log } = rest
  const underWay = new UnderWay()
  const context = { ...rest, send, underWay }
  const repetition = { loop: 'deliver', everyMs: EVERY_MS, clock, log }
  await repeat(() => deliverDue(context, signal), repetition, signal)
  await underWay.none()
}
