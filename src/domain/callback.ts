import { z } from 'zod'

/** The events of a job that a callback can subscribe to. */
export const CallbackEvent = z.enum(['claimed', 'requeued', 'paused', 'resumed', 'ended'])
export type CallbackEvent = z.infer<typeof CallbackEvent>

/** Maximum length of a callback's URL, in characters. */
export const CALLBACK_URL_MAX = 2048
/** Maximum number of callbacks of one job. */
export const CALLBACKS_MAX = 8

/** A URL to which messages about a job are sent, and the events that cause a message. */
export const Callback = z.strictObject({
  url: z.string().min(1).max(CALLBACK_URL_MAX).describe('An https URL'),
  events: z
    .array(CallbackEvent)
    .min(1)
    .max(CallbackEvent.options.length)
    .default(['ended'])
    .describe('The events that are sent to the URL'),
})
export type Callback = z.infer<typeof Callback>

/** Identifies a delivery across retries, so that the receiver can discard duplicates. */
export const DeliveryId = z.string().regex(/^msg_[0-9a-f]{32}_\d{8}_\d$/, 'is not a delivery id')

export const DeliveryState = z.enum(['pending', 'delivered', 'failed'])
export type DeliveryState = z.infer<typeof DeliveryState>

/** The result of sending a message once: the receiver's response, or why there was none. */
export type Sent =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfterMs: number | null }
  | { readonly kind: 'unanswered'; readonly error: string }

/** A message to a callback's URL. */
export type Message = {
  readonly id: string
  readonly url: string
  readonly body: string
}

/**
 * Sends a message once. The message's signature covers the current time. Never throws: if no response
 * arrives, returns `unanswered`.
 */
export type Send = (message: Message, signal: AbortSignal) => Promise<Sent>
