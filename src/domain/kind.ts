import type { z } from 'zod'
import type { LogStream } from './attempt.ts'

/** What the hub and displays know about a kind: how to validate its payload and how to show it. */
export type KindSchema = {
  readonly name: string
  readonly schema: z.ZodType
  /** One line for lists. */
  title(payload: unknown): string
  /** Lock keys that follow from the payload, added to those of the submission. */
  locks(payload: unknown): readonly string[]
  /** The payload of a follow-up: the same work with a new prompt. */
  followUp(payload: unknown, prompt: string): unknown
  /** What a worker must offer, such as `agent:codex`. Each demand becomes a part of the job's lane. */
  demands(payload: unknown): readonly string[]
  /** The lowest protocol version whose workers understand this payload. */
  protocol(payload: unknown): number
  /** Rows of names and values for displays; a null value hides its row. */
  facts(payload: unknown): readonly Fact[]
  /** The log that shows best what the job did. */
  story(payload: unknown): LogStream
}

/** `KindSchema` as a kind declares it: its methods get the parsed payload. */
type Declared<Payload> = Pick<KindSchema, 'name' | 'followUp'> & {
  title(payload: Payload): string
  locks(payload: Payload): readonly string[]
  demands(payload: Payload): readonly string[]
  protocol(payload: Payload): number
  facts(payload: Payload): readonly Fact[]
  story(payload: Payload): LogStream
}

/** Makes a `KindSchema` from typed methods. They throw a ZodError for an invalid payload. */
export const kindSchema = <Schema extends z.ZodType>(
  schema: Schema,
  kind: Declared<z.output<Schema>>,
): KindSchema => ({
  name: kind.name,
  schema,
  title: (payload) => kind.title(schema.parse(payload)),
  locks: (payload) => kind.locks(schema.parse(payload)),
  // Unparsed, so that defaults are not filled in.
  followUp: (payload, prompt) => kind.followUp(payload, prompt),
  demands: (payload) => kind.demands(schema.parse(payload)),
  protocol: (payload) => kind.protocol(schema.parse(payload)),
  facts: (payload) => kind.facts(schema.parse(payload)),
  story: (payload) => kind.story(schema.parse(payload)),
})

/** One row of a job's display. */
export type Fact = readonly [name: string, value: string | null]
