// Finds out when a rate limit or quota (status 429) resets. Servers report this time in the headers
// Retry-After (RFC 9110, section 10.2.3) and retry-after-ms, in the body as error.resets_at and
// error.resets_in_seconds (ChatGPT plans), or in the header anthropic-ratelimit-unified-reset
// (Claude plans).
import type { IncomingHttpHeaders } from 'node:http'
import { z } from 'zod'

/** A reset time more than 31 days ahead is ignored, because it must be a mistake. */
const WAIT_MS_MAX = 31 * 86_400_000

const Body = z.object({
  error: z.object({ resets_at: z.number().optional(), resets_in_seconds: z.number().optional() }),
})

/**
 * Reads the reset time of the rate limit from a response with status 429 (epoch ms). Returns null
 * if the time is missing, malformed, in the past or more than 31 days ahead.
 * @param now milliseconds since the epoch
 */
export function readRateLimit(headers: Headers, body: string, now: number): number | null {
  const times = [...inBody(body, now), ...inHeaders(headers, now)]
  const until = times.find((time) => time > now && time <= now + WAIT_MS_MAX)
  return until === undefined ? null : Math.ceil(until)
}

type Headers = Readonly<IncomingHttpHeaders> | Readonly<Record<string, unknown>>

function inBody(body: string, now: number): readonly number[] {
  const parsed = Body.safeParse(parse(body))
  if (!parsed.success) return []
  const { resets_at: at, resets_in_seconds: left } = parsed.data.error
  return [
    ...(at === undefined ? [] : [at * 1000]),
    ...(left === undefined ? [] : [now + left * 1000]),
  ]
}

function inHeaders(headers: Headers, now: number): readonly number[] {
  const text = (name: string): string => {
    const value = headers[name]
    return typeof value === 'string' ? value : ''
  }
  const after = text('retry-after')
  return [
    now + number(text('retry-after-ms')),
    now + number(after) * 1000,
    Date.parse(after),
    number(text('anthropic-ratelimit-unified-reset')) * 1000,
  ].filter((time) => Number.isFinite(time))
}

const number = (text: string): number => (/^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN)

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
