import type { WorkerContext } from './context.ts'

const EVERY_MS = 3_600_000

type Tidying = Pick<WorkerContext, 'kinds' | 'clock' | 'log'>

/** Makes each kind clean up its caches, once immediately and then every hour. */
export async function tidyKinds(tidying: Tidying, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await tidyOnce(tidying, signal)
    await tidying.clock.sleep(EVERY_MS, signal)
  }
}

/**
 * Runs one round. A failure is only logged: no job depends on the cleanup, and the next round
 * retries.
 */
export async function tidyOnce({ kinds, log }: Tidying, signal: AbortSignal): Promise<void> {
  for (const [name, kind] of kinds) {
    try {
      const bytes = await kind.tidy(signal)
      if (bytes > 0) log.info({ kind: name, bytes }, 'caches cleaned up')
    } catch (error) {
      if (!signal.aborted) log.warn({ kind: name, error }, 'could not clean up the caches')
    }
  }
}
