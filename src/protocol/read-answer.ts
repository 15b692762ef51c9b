import type { z } from 'zod'
import { Checkpoint, JobEvent } from '../domain/event.ts'
import { PublicationIntent } from '../domain/publication.ts'
import { AnyEvent } from './any-event.ts'
import { dropUnknown } from './drop-unknown.ts'

/**
 * How answers are read: members that this program does not know are dropped, wherever they stand,
 * because a newer hub may say more. Checkpoints and intents are the exception: what was written for
 * a later attempt is understood whole or not at all.
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
