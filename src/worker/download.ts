import { open } from 'node:fs/promises'
import { AppError } from '../domain/errors.ts'
import type { Clock } from '../platform/clock.ts'
import { watchSilence } from '../platform/silence.ts'
import { retryUntilAnswered } from './hub-call.ts'

/**
 * How long to wait for the hub's response to begin, and then for each further chunk of it, in
 * milliseconds.
 */
const SILENCE_MS = 60_000
/** After this many truncated responses, the hub's copy of the file is assumed to be corrupt. */
const BREAKS_MAX = 5

/**
 * Downloads the hub's response into a file. Restarts from the first byte until a response is
 * complete. Throws the hub's refusal, the error of a failed write, `artifact-corrupt` after
 * BREAKS_MAX truncated responses, or the signal's reason.
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
    const message = `The hub’s response was truncated (try ${breaks} of ${BREAKS_MAX}).`
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

/**
 * Runs `once`, which makes one try. A hub that sends nothing for SILENCE_MS counts as unreachable.
 */
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

/** @param signal the request's signal; aborting it also stops the reading */
async function save(
  { body }: Response,
  file: string,
  { alive, onBreak }: Hooks,
  signal: AbortSignal,
): Promise<void> {
  const reader = (body ?? new Blob([]).stream()).getReader()
  // Read errors are caught separately from write errors, so that a full disk does not look like a
  // broken connection.
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
    // Closes the connection if a write failed. `cancel` rejects if the connection is already
    // broken.
    await reader.cancel().catch(() => {})
  }
}
