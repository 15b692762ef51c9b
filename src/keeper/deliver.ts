import type { Send } from '../domain/callback.ts'
import type { RandomBytes } from '../domain/id.ts'
import type { DeliveryEnd, Ledger, TakenDelivery } from '../ledger/port.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/log.ts'
import { afterSend } from './after-send.ts'
import type { DeliveryTally } from './delivery-tally.ts'
import { takeTurns } from './turns.ts'

const EVERY_MS = 1000
/** Messages on their way at once: a receiver that hangs holds up its own lane alone. */
const LANES = 4
/** Messages a turn, so that a loop never runs away. */
const MESSAGES_MAX = 100
/** How long a message belongs to who took it: longer than any try. */
const LEASE_MS = 15_000

export type DeliverContext = {
  readonly ledger: Pick<Ledger, 'takeDelivery' | 'markDelivery'>
  readonly send: Send
  readonly tally: DeliveryTally
  readonly random: RandomBytes
  readonly clock: Clock
  readonly log: Logger
}

/** With null, this hub sends none. */
export type DeliverLoopContext = Omit<DeliverContext, 'send'> & { readonly send: Send | null }

/** Sends what is due, one message after the other, until nothing is. */
export async function runOnce(context: DeliverContext, signal: AbortSignal): Promise<void> {
  for (let messages = 0; messages < MESSAGES_MAX && !signal.aborted; messages += 1) {
    const delivery = await context.ledger.takeDelivery(LEASE_MS)
    if (delivery === null) return
    await deliver(context, delivery, signal)
  }
}

/** One try. Killed between sending and marking, it is sent again under the same id. */
async function deliver(
  { ledger, send, tally, random, log }: DeliverContext,
  delivery: TakenDelivery,
  signal: AbortSignal,
): Promise<void> {
  const { id, tries } = delivery
  const sent = await send(delivery, signal)
  const next: DeliveryEnd['next'] = signal.aborted
    ? { state: 'pending', delayMs: 0 }
    : afterSend(tries, sent, (random(1)[0] ?? 0) / 256)
  if (!(await ledger.markDelivery(delivery, { sent, next }))) return
  tally.add(next.state)
  if (next.state === 'failed') log.warn({ delivery: id, tries, sent }, 'callback failed for good')
  else log.debug({ delivery: id, tries, sent, next }, 'callback sent')
}

/** Looks for messages every second, in each lane, until the signal aborts. */
export async function start(
  { send, ...rest }: DeliverLoopContext,
  signal: AbortSignal,
): Promise<void> {
  if (send === null) return
  const context = { ...rest, send }
  const { clock, log } = rest
  const turns = { loop: 'deliver', everyMs: EVERY_MS, clock, log }
  const lanes = Array.from({ length: LANES }, () =>
    takeTurns(() => runOnce(context, signal), turns, signal),
  )
  await Promise.all(lanes)
}
