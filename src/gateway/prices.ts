import type { Reading } from './reading.ts'

/** Prices of a model in US dollars per million tokens. */
type Price = {
  /** Input that was neither read from nor written to the cache. */
  readonly input: number
  /** Input read from the cache. */
  readonly cachedInput: number
  /** Input written to the cache for the provider's default time, which is 5 minutes for Claude. */
  readonly cacheWrite: number
  /** Input written to the cache for an hour. */
  readonly cacheWriteHour?: number
  readonly output: number
  /** Prompts with more tokens than this are charged at a higher price, which is not listed here. */
  readonly longPrompt?: number
}

/**
 * Returns the cost of one response in US dollars. Returns "unknown" if the response was cut off, or
 * if this file does not list the exact price that applies.
 */
export function costOf(reading: Reading): number | 'unknown' {
  const price = priceOf(reading.model)
  if (price === undefined || !reading.complete || !reading.listPrice) return 'unknown'
  const prompt = reading.input + reading.cached + reading.cacheWrites + reading.cacheWritesHour
  if (price.longPrompt !== undefined && prompt > price.longPrompt) return 'unknown'
  if (reading.cacheWritesHour > 0 && price.cacheWriteHour === undefined) return 'unknown'
  return (
    (reading.input * price.input +
      reading.cached * price.cachedInput +
      reading.cacheWrites * price.cacheWrite +
      reading.cacheWritesHour * (price.cacheWriteHour ?? 0) +
      reading.output * price.output) /
    1_000_000
  )
}

/**
 * Finds the prices of a model. A dated model name, such as claude-opus-4-5-20251101 or
 * gpt-5-2025-08-07, has the same prices as the name without the date.
 */
function priceOf(model: string | null): Price | undefined {
  if (model === null) return undefined
  const undated = model.replace(/-(?:\d{8}|\d{4}-\d{2}-\d{2})$/, '')
  return LIST_PRICES.get(model) ?? LIST_PRICES.get(undated)
}

/**
 * The prices of a Claude model. Writing to the cache costs 1.25 times the input price, or 2 times
 * if the cache keeps the input for an hour.
 */
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

/** The prices of a GPT model. OpenAI charges more if the prompt exceeds 272,000 tokens. */
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
 * https://developers.openai.com/api/docs/pricing. The cost of a model not listed here is "unknown".
 */
const LIST_PRICES: ReadonlyMap<string, Price> = new Map(
  Object.entries({
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
  }),
)
