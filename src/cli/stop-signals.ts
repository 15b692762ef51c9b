import { once } from 'node:events'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** Time from the second signal until the process exits. */
const AT_ONCE_MS = 3000
const EXIT_CODE = 130

/** Requests of a person or service manager: first to stop gracefully, then to stop at once. */
export type StopSignals = Disposable & {
  readonly graceful: AbortSignal
  readonly atOnce: AbortSignal
}

/**
 * Listens for SIGINT, SIGTERM and SIGHUP. After the second one the process exits within three
 * seconds, whatever is still running.
 */
export function listenForStop(): StopSignals {
  const graceful = new AbortController()
  const atOnce = new AbortController()
  const onSignal = (): void => {
    if (!graceful.signal.aborted) {
      graceful.abort()
      return
    }
    atOnce.abort()
    setTimeout(() => process.exit(EXIT_CODE), AT_ONCE_MS).unref()
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  return {
    graceful: graceful.signal,
    atOnce: atOnce.signal,
    [Symbol.dispose]: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal)
    },
  }
}

/** Resolves when the signal aborts. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await once(signal, 'abort')
}
