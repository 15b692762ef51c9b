import { once } from 'node:events'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** How long the program may take after it was told to stop at once. */
const AT_ONCE_MS = 3000
const EXIT_CODE = 130

/** What a person or a service manager asks for: to stop in good order, then to stop at once. */
export type StopSignals = Disposable & {
  readonly inOrder: AbortSignal
  readonly atOnce: AbortSignal
}

/**
 * Listens for SIGINT, SIGTERM and SIGHUP. After the second one the process ends within three
 * seconds, whatever still runs.
 */
export function listenForStop(): StopSignals {
  const inOrder = new AbortController()
  const atOnce = new AbortController()
  const onSignal = (): void => {
    if (!inOrder.signal.aborted) {
      inOrder.abort()
      return
    }
    atOnce.abort()
    setTimeout(() => process.exit(EXIT_CODE), AT_ONCE_MS).unref()
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  return {
    inOrder: inOrder.signal,
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
