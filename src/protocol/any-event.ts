import { z } from 'zod'
import { JobEvent, LedgerEvent, WorkerEvent } from '../domain/event.ts'
import { clip } from '../domain/text.ts'
import { dropUnknown } from './drop-unknown.ts'

const TYPES: ReadonlySet<string> = new Set(
  [...WorkerEvent.options, ...LedgerEvent.options].map(({ shape }) => shape.type.value),
)
const TYPE_SHOWN_MAX = 64

const OfAnyType = z.looseObject({ type: z.string() })

/**
 * Parses an event that a hub sent. If a newer hub sends an event of an unknown type, a note with the
 * same sequence number replaces that event, so that the sequence has no gap.
 */
export const AnyEvent = z.preprocess(asNoteWhenUnknown, dropUnknown(JobEvent).pipe(JobEvent))

function asNoteWhenUnknown(value: unknown): unknown {
  const event = OfAnyType.safeParse(value)
  if (!event.success || TYPES.has(event.data.type)) return value
  const { seq, at, attempt, type } = event.data
  const text = `the hub sent an event of type ${JSON.stringify(clip(type, TYPE_SHOWN_MAX))}, which this version does not recognize`
  return { seq, at, attempt, type: 'note', code: 'unknown-event', text }
}
