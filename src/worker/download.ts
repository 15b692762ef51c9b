import { open } from 'node:fs/promises'
import { AppError } from '../domain/errors.ts'
import type { Clock } from '../platform/clock.ts'
import { watchSilence } from '../platform/silence.ts'
import { retryUntilAnswered } from './hub-call.ts'

/** Longest wait for the hub's response, and then for its next bytes, in milliseconds. */
const SILENCE_MS = 60_000
/** After this many broken responses the cause is not the network but corrupt bytes on the hub. */
const BREAKS_MAX = 5

/**
 * Downloads the hub's response into a file; starts over until the response is complete. Throws the
 * hub's refusal, the disk's error, `artifact-corrupt` after BREAKS_MAX broken responses, or the
 * signal's reason.
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
    const message = `The hub’s response was cut off before its end, ${breaks} times so far.`
    return new AppError(breaks < BREAKS_MAX ? 'hub-unreachable' : 'artifact-corrupt', message, {
      cause,
    })
  }
  const once = async (alive: () => void, trying: AbortSignal): Promise<void> => {
    const answer = await ask(trying)
    alive()
    await save(answer, file, { alive, onBreak }, trying)
  }
  await retryUntilAnswered((trying) => unlessSilent(once, clock, trying), clock, signal)
}

/** One try. A hub that is silent for too long counts as unreachable. */
async function unlessSilent(
  once: (alive: () => void, signal: AbortSignal) => Promise<void>,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const silent = new AbortController()
  const onSilence = () =>
    silent.abort(new AppError('hub-unreachable', `The hub sent nothing for ${SILENCE_MS} ms.`))
  await watchSilence({ limitMs: SILENCE_MS, clock, onSilence }, (alive) =>
    once(alive, AbortSignal.any([signal, silent.signal])),
  )
}

type Hooks = { readonly alive: () => void; readonly onBreak: (cause: unknown) => AppError }

/** @param signal of the request; it aborts the reading too */
async function save(
  { body }: Response,
  file: string,
  { alive, onBreak }: Hooks,
  signal: AbortSignal,
): Promise<void> {
  const reader = (body ?? new Blob([]).stream()).getReader()
  // Separate from the writing, so that a full disk is not mistaken for a broken connection.
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
    // Closes the connection after a failed write; rejects when the connection is already broken.
    await reader.cancel().catch(() => {})
  }
}
