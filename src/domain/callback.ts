import { z } from 'zod'

/** The events of a job that a callback can subscribe to. */
export const CallbackEvent = z.enum(['claimed', 'requeued', 'paused', 'resumed', 'ended'])
export type CallbackEvent = z.infer<typeof CallbackEvent>

/** Longest address of a callback. */
export const CALLBACK_URL_MAX = 2048
/** Callbacks one job may have. */
export const CALLBACKS_MAX = 8

/** Where messages about a job are sent, and about which events. */
export const Callback = z.strictObject({
  url: z.string().min(1).max(CALLBACK_URL_MAX).describe('An https address'),
  events: z
    .array(CallbackEvent)
    .min(1)
    .max(CallbackEvent.options.length)
    .default(['ended'])
    .describe('The events that it gets'),
})
export type Callback = z.infer<typeof Callback>

/** Identifies a delivery across retries, so that the receiver can discard duplicates. */
export const DeliveryId = z
  .string()
  .regex(/^msg_[0-9a-f]{32}_\d{8}_\d$/, 'is not the id of a delivery')

export const DeliveryState = z.enum(['pending', 'delivered', 'failed'])
export type DeliveryState = z.infer<typeof DeliveryState>

/** The result of one try to deliver: the receiver's response, or why there was none. */
export type Sent =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfterMs: number | null }
  | { readonly kind: 'unanswered'; readonly error: string }

/** A message as it is sent. */
export type Message = {
  readonly id: string
  readonly url: string
  readonly body: string
}

/** Sends a message once, signed with the current time. Never throws because of the receiver. */
export type Send = (message: Message, signal: AbortSignal) => Promise<Sent>
