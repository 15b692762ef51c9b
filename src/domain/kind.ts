import type { z } from 'zod'
import type { LogStream } from './attempt.ts'
import type { UnmetDemand } from './lack.ts'

/** How the hub and the displays read the payload of a kind of job. */
export type KindSchema = {
  readonly name: string
  readonly schema: z.ZodType
  /** The job's title in lists, which is one line. */
  title(payload: unknown): string
  /** Lock keys derived from the payload, in addition to those in the submission. */
  locks(payload: unknown): readonly string[]
  /**
   * Returns the payload of a follow-up: the earlier payload with the submitter's changes. Throws
   * AppError `payload-invalid` if the kind does not support one of the changes.
   */
  followUp(payload: unknown, change: FollowUp): unknown
  /** What a worker must offer, such as `agent:codex`. Each demand becomes a part of the job's lane. */
  demands(payload: unknown): readonly string[]
  /**
   * What to tell the user about a demand that no worker meets; null if no job of this kind makes
   * that demand. `offered` is what the connected workers offer.
   */
  lack(demand: string, offered: readonly string[]): UnmetDemand | null
  /** The lowest protocol version whose workers understand the payload. */
  protocol(payload: unknown): number
  /** Rows of names and values for displays; a null value hides its row. */
  facts(payload: unknown): readonly Fact[]
  /** The prompt for the agent; null if the kind has none. */
  prompt(payload: unknown): string | null
  /** The log stream that best shows what the job did. */
  story(payload: unknown): LogStream
}

/** What the submitter of a follow-up changes. */
export type FollowUp = {
  readonly prompt?: string | undefined
  /** The branch, tag or commit from which the new job starts. */
  readonly ref?: string | undefined
  /** The branch to which the new job publishes. */
  readonly branch?: string | undefined
}

/**
 * What each kind defines for its `KindSchema`. The methods get a parsed payload, except `followUp`,
 * which gets the payload as it was submitted.
 */
type Declared<Payload> = Pick<KindSchema, 'name' | 'followUp' | 'lack'> & {
  title(payload: Payload): string
  locks(payload: Payload): readonly string[]
  demands(payload: Payload): readonly string[]
  protocol(payload: Payload): number
  facts(payload: Payload): readonly Fact[]
  prompt(payload: Payload): string | null
  story(payload: Payload): LogStream
}

/** Makes a `KindSchema` whose methods parse the payload first; they throw a ZodError if it is invalid. */
export const kindSchema = <Schema extends z.ZodType>(
  schema: Schema,
  kind: Declared<z.output<Schema>>,
): KindSchema => ({
  name: kind.name,
  schema,
  title: (payload) => kind.title(schema.parse(payload)),
  locks: (payload) => kind.locks(schema.parse(payload)),
  // The payload is not parsed here: parsing would add defaults, which the submitter did not give.
  followUp: (payload, change) => kind.followUp(payload, change),
  demands: (payload) => kind.demands(schema.parse(payload)),
  lack: (demand, offered) => kind.lack(demand, offered),
  protocol: (payload) => kind.protocol(schema.parse(payload)),
  facts: (payload) => kind.facts(schema.parse(payload)),
  prompt: (payload) => kind.prompt(schema.parse(payload)),
  story: (payload) => kind.story(schema.parse(payload)),
})

/** One row of a job's display. */
export type Fact = readonly [name: string, value: string | null]
