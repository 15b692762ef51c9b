import { once } from 'node:events'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** How long cleanup may take after the second signal before the process exits, in milliseconds. */
const FORCED_EXIT_AFTER_MS = 3000
const FORCED_EXIT_CODE = 130
/**
 * If the first signal is repeated within fewer than this many milliseconds, the repetition does not
 * count as a second request. One Ctrl-C can deliver SIGINT twice: the terminal sends it to this
 * process and to npm, and npm forwards its own SIGINT to this process.
 */
const SAME_REQUEST_MS = 100

/**
 * Stop requests from a person or a service manager: the first asks for a graceful stop, the second
 * for an immediate one.
 */
export type StopSignals = Disposable & {
  readonly graceful: AbortSignal
  readonly atOnce: AbortSignal
}

/**
 * Listens for SIGINT, SIGTERM and SIGHUP. After the second signal, the process exits within three
 * seconds, even if something is still running.
 */
export function listenForStop(): StopSignals {
  const graceful = new AbortController()
  const atOnce = new AbortController()
  let first = { name: '', at: 0 }
  const onSignal = (name: NodeJS.Signals): void => {
    if (!graceful.signal.aborted) {
      first = { name, at: performance.now() }
      graceful.abort()
      return
    }
    if (name === first.name && performance.now() - first.at < SAME_REQUEST_MS) return
    atOnce.abort()
    setTimeout(() => process.exit(FORCED_EXIT_CODE), FORCED_EXIT_AFTER_MS).unref()
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
