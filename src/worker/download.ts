import { open } from 'node:fs/promises'
import { AppError } from '../domain/errors.ts'
import type { Clock } from '../platform/clock.ts'
import { watchSilence } from '../platform/silence.ts'
import { keepAsking } from './patience.ts'

/** Longest wait for the hub's answer, and then for its next bytes. */
const SILENCE_MS = 60_000
/** A line breaks now and then; a hub breaks off each time when the bytes it holds are spoilt. */
const BREAKS_MAX = 5

/**
 * Fetches what the hub answers into a file; begins anew until the whole of it is there. Throws what
 * the hub or the disk refuses with, `artifact-corrupt` when the hub breaks off again and again, or
 * the signal's reason.
 */
export async function download(
  ask: (signal: AbortSignal) => Promise<Response>,
  file: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  let breaks = 0
  const onBreak = (cause: unknown): AppError => {
    breaks += 1
    const message = `The hub’s answer broke off before its end, ${breaks} times so far.`
    return new AppError(breaks < BREAKS_MAX ? 'hub-unreachable' : 'artifact-corrupt', message, {
      cause,
    })
  }
  const once = async (alive: () => void, trying: AbortSignal): Promise<void> => {
    const answer = await ask(trying)
    alive()
    await save(answer, file, { alive, onBreak }, trying)
  }
  await keepAsking((trying) => unlessSilent(once, clock, trying), clock, signal)
}

/** One try; a hub that is silent for too long is no better than none. */
async function unlessSilent(
  once: (alive: () => void, signal: AbortSignal) => Promise<void>,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const silent = new AbortController()
  const onSilence = () =>
    silent.abort(new AppError('hub-unreachable', `The hub said nothing for ${SILENCE_MS} ms.`))
  await watchSilence({ limitMs: SILENCE_MS, clock, onSilence }, (alive) =>
    once(alive, AbortSignal.any([signal, silent.signal])),
  )
}

type Ear = { readonly alive: () => void; readonly onBreak: (cause: unknown) => AppError }

/** @param signal the one that the answer was asked for with: it ends the reading */
async function save(
  { body }: Response,
  file: string,
  { alive, onBreak }: Ear,
  signal: AbortSignal,
): Promise<void> {
  const reader = (body ?? new Blob([]).stream()).getReader()
  // Apart from the writing: a full disk must not pass for a broken line.
  const read = () =>
    reader.read().catch((cause: unknown) => {
      signal.throwIfAborted()
      throw onBreak(cause)
    })
  const out = await open(file, 'w')
  try {
    for (let part = await read(); !part.done; part = await read()) {
      alive()
      await out.appendFile(part.value)
    }
  } finally {
    await out.close()
    // Nobody reads on; of an answer that broke off nothing is left to cancel.
    await reader.cancel().catch(() => {})
  }
}
