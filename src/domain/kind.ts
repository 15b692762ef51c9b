import type { z } from 'zod'

/** What the hub must know of a kind: how to check its payload and how to call a job of it. */
export type PayloadSchema = {
  readonly name: string
  readonly schema: z.ZodType
  /** One line for lists. */
  title(payload: unknown): string
  /** Lock keys that follow from the payload, added to those of the submission. */
  locks(payload: unknown): readonly string[]
  /** The payload of a follow-up: the same work with a new prompt. */
  followUp(payload: unknown, prompt: string): unknown
}
