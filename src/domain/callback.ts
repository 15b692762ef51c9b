import { z } from 'zod'

/** The events of a job that a callback may ask for: where it goes on, rests and ends. */
export const CallbackEvent = z.enum(['claimed', 'requeued', 'paused', 'resumed', 'ended'])
export type CallbackEvent = z.infer<typeof CallbackEvent>

/** Longest address of a callback. */
export const CALLBACK_URL_MAX = 2048
/** Callbacks one job may have. */
export const CALLBACKS_MAX = 8

/** Where somebody wants to hear of a job, and of what. */
export const Callback = z.strictObject({
  url: z.string().min(1).max(CALLBACK_URL_MAX).describe('An https address'),
  events: z
    .array(CallbackEvent)
    .min(1)
    .max(CallbackEvent.options.length)
    .default(['ended'])
    .describe('Of what it is told'),
})
export type Callback = z.infer<typeof Callback>

/** The name of a delivery for life; the receiver knows a repeat by it. */
export const DeliveryId = z.string().regex(/^msg_[0-9a-f]{32}_\d{8}_\d$/, 'is no id of a delivery')

export const DeliveryState = z.enum(['pending', 'delivered', 'failed'])
export type DeliveryState = z.infer<typeof DeliveryState>

/** What a try to deliver came to: the receiver's answer, or why there was none. */
export type Sent =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfterMs: number | null }
  | { readonly kind: 'unanswered'; readonly error: string }

/** A message as it is sent. */
export type Message = {
  readonly id: string
  readonly url: string
  readonly body: string
}

/** Sends a message once, as of now; never throws for what a receiver does. */
export type Send = (message: Message, signal: AbortSignal) => Promise<Sent>
