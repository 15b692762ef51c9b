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

/** The same, as a kind writes it: its methods get a payload that its schema has read. */
type Declared<Payload> = Pick<KindSchema, 'name' | 'followUp'> & {
  title(payload: Payload): string
  locks(payload: Payload): readonly string[]
  demands(payload: Payload): readonly string[]
  protocol(payload: Payload): number
  facts(payload: Payload): readonly Fact[]
  story(payload: Payload): LogStream
}

/** Makes a kind's schema of typed methods. They throw a ZodError for a payload of another shape. */
export const kindSchema = <Schema extends z.ZodType>(
  schema: Schema,
  kind: Declared<z.output<Schema>>,
): KindSchema => ({
  name: kind.name,
  schema,
  title: (payload) => kind.title(schema.parse(payload)),
  locks: (payload) => kind.locks(schema.parse(payload)),
  // As it was asked for, without defaults.
  followUp: (payload, prompt) => kind.followUp(payload, prompt),
  demands: (payload) => kind.demands(schema.parse(payload)),
  protocol: (payload) => kind.protocol(schema.parse(payload)),
  facts: (payload) => kind.facts(schema.parse(payload)),
  story: (payload) => kind.story(schema.parse(payload)),
})

/** One row of what is shown of a job. */
export type Fact = readonly [name: string, value: string | null]
