import type { WorkerContext } from './context.ts'

const EVERY_MS = 3_600_000

type Tidying = Pick<WorkerContext, 'kinds' | 'clock' | 'log'>

/** Lets each kind tidy what it keeps between attempts, at once and then every hour. */
export async function tidyKinds(tidying: Tidying, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await tidyOnce(tidying, signal)
    await tidying.clock.sleep(EVERY_MS, signal)
  }
}

/** One round. What fails is tried again at the next; no job is worse off for it. */
export async function tidyOnce({ kinds, log }: Tidying, signal: AbortSignal): Promise<void> {
  for (const [name, kind] of kinds) {
    try {
      const bytes = await kind.tidy(signal)
      if (bytes > 0) log.info({ kind: name, bytes }, 'caches collected')
    } catch (error) {
      if (!signal.aborted) log.warn({ kind: name, error }, 'caches not collected')
    }
  }
}
