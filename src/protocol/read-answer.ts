import type { z } from 'zod'
import { Checkpoint, JobEvent } from '../domain/event.ts'
import { PublicationIntent } from '../domain/publication.ts'
import { AnyEvent } from './any-event.ts'
import { dropUnknown } from './drop-unknown.ts'

/**
 * Returns the schema to parse a response with. This schema drops unknown members at every depth,
 * because a newer hub may send some. But it rejects checkpoints and intents with unknown members:
 * an attempt that acts on a checkpoint or intent without understanding all of it could do harm.
 */
export function readerOf(answer: z.ZodType): z.ZodType {
  const known = readers.get(answer)
  if (known !== undefined) return known
  const reader = dropUnknown(answer, EXCEPTIONS)
  readers.set(answer, reader)
  return reader
}

const readers = new WeakMap<z.ZodType, z.ZodType>()

const EXCEPTIONS = new Map<z.core.$ZodType, z.ZodType>([
  [Checkpoint, Checkpoint],
  [PublicationIntent, PublicationIntent],
  [JobEvent, AnyEvent],
])
