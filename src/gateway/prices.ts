import { z } from 'zod'
import type { Reading } from './reading.ts'

const usd = z.number().min(0).max(1_000_000)

/** What a model costs, in US dollars per million tokens. */
export const Price = z.strictObject({
  input: usd.describe('Input that was not in the cache'),
  cachedInput: usd.describe('Input read from the cache'),
  cacheWrite: usd.optional().describe('Input written to the cache; default: as input'),
  cacheWriteHour: usd.optional().describe('Input written to the cache for an hour'),
  output: usd,
  longPrompt: z.int().min(1).optional().describe('Prompts with more tokens have another price'),
})
export type Price = z.infer<typeof Price>
export type Prices = Readonly<Record<string, Price>>

/**
 * What one answer cost in US dollars; "unknown" whenever the table does not surely hold its price.
 */
export function costOf(reading: Reading, prices: Prices): number | 'unknown' {
  const price = priceOf(reading.model, prices)
  if (price === undefined || !reading.complete || !reading.listPrice) return 'unknown'
  const prompt = reading.input + reading.cached + reading.cacheWrites + reading.cacheWritesHour
  if (price.longPrompt !== undefined && prompt > price.longPrompt) return 'unknown'
  if (reading.cacheWritesHour > 0 && price.cacheWriteHour === undefined) return 'unknown'
  return (
    (reading.input * price.input +
      reading.cached * price.cachedInput +
      reading.cacheWrites * (price.cacheWrite ?? price.input) +
      reading.cacheWritesHour * (price.cacheWriteHour ?? 0) +
      reading.output * price.output) /
    1_000_000
  )
}

/** A dated name such as claude-opus-4-5-20251101 or gpt-5-2025-08-07 costs what the model costs. */
function priceOf(model: string | null, prices: Prices): Price | undefined {
  if (model === null) return undefined
  const undated = model.replace(/-(?:\d{8}|\d{4}-\d{2}-\d{2})$/, '')
  for (const table of [prices, LIST_PRICES]) {
    for (const name of [model, undated]) if (Object.hasOwn(table, name)) return table[name]
  }
  return undefined
}

/** Anthropic asks the same multiples of the input price for cache writes of every model. */
const claude = (
  input: number,
  cachedInput: number,
  output: number,
  longPrompt?: number,
): Price => ({
  input,
  cachedInput,
  cacheWrite: input * 1.25,
  cacheWriteHour: input * 2,
  output,
  ...(longPrompt === undefined ? {} : { longPrompt }),
})

/** OpenAI has a dearer tariff for prompts above 272,000 tokens of these models. */
const gpt = (input: number, cachedInput: number, output: number, cacheWrite = input): Price => ({
  input,
  cachedInput,
  cacheWrite,
  output,
  longPrompt: 272_000,
})

/**
 * List prices of the standard tier, as published in November 2026 at
 * https://platform.claude.com/docs/en/about-claude/pricing and
 * https://developers.openai.com/api/docs/pricing. A model that is not here costs "unknown".
 */
const LIST_PRICES: Prices = {
  'claude-fable-5-1': claude(10, 0.25, 50),
  'claude-opus-5-5': claude(4, 0.2, 20),
  'claude-opus-5': claude(5, 0.5, 25),
  'claude-opus-4-8': claude(5, 0.5, 25),
  'claude-opus-4-7': claude(5, 0.5, 25),
  'claude-opus-4-6': claude(5, 0.5, 25),
  'claude-opus-4-5': claude(5, 0.5, 25),
  'claude-sonnet-5-5': claude(2, 0.1, 10),
  'claude-sonnet-5': claude(2, 0.2, 10),
  'claude-sonnet-4-6': claude(3, 0.3, 15, 200_000),
  'claude-sonnet-4-5': claude(3, 0.3, 15, 200_000),
  'claude-haiku-5-5': claude(0.1, 0.01, 0.5, 100_000),
  'claude-haiku-4-5': claude(1, 0.1, 5),
  'gpt-6.1-sol': gpt(2, 0.1, 10, 2.5),
  'gpt-6.1-terra': gpt(1, 0.05, 5, 1.25),
  'gpt-6-sol': gpt(2, 0.2, 10, 2.5),
  'gpt-6-luna': gpt(0.1, 0.01, 0.5, 0.125),
  'gpt-5.1': gpt(1.25, 0.125, 10),
  'gpt-5': gpt(1.25, 0.125, 10),
  'gpt-5-mini': gpt(0.25, 0.025, 2),
}
