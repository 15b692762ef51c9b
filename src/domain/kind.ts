import type { z } from 'zod'
import type { LogStream } from './attempt.ts'

/** What the hub and a display must know of a kind: how to check its payload, and what to say of it. */
export type KindSchema = {
  readonly name: string
  readonly schema: z.ZodType
  /** One line for lists. */
  title(payload: unknown): string
  /** Lock keys that follow from the payload, added to those of the submission. */
  locks(payload: unknown): readonly string[]
  /** The payload of a follow-up: the same work with a new prompt. */
  followUp(payload: unknown, prompt: string): unknown
  /** What a worker must offer for it, such as `agent:codex`; each becomes a part of the job's lane. */
  demands(payload: unknown): readonly string[]
  /** The first protocol whose workers understand this payload. */
  protocol(payload: unknown): number
  /** What a person wants to see of it, as names and values; null hides the row. */
  facts(payload: unknown): readonly Fact[]
  /** The log that tells the story of such a job. */
  story(payload: unknown): LogStream
}

/** One row of what is shown of a job. */
export type Fact = readonly [name: string, value: string | null]
