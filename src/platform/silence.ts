import type { Clock } from './clock.ts'

type Watch = {
  /** Maximum time between calls of `alive`, in milliseconds. */
  readonly limitMs: number
  readonly clock: Clock
  /** Called at most once: when `alive` has not been called for `limitMs`. */
  readonly onSilence: () => void
}

/**
 * Runs `work`, which must call `alive` regularly. If `work` does not call `alive` for `limitMs`,
 * calls `onSilence` once and lets `work` continue.
 */
export async function watchSilence<Value>(
  watch: Watch,
  work: (alive: () => void) => Promise<Value>,
): Promise<Value> {
  let heardAt = watch.clock.monotonic()
  const over = new AbortController()
  const silence = untilSilent(watch, () => heardAt, over.signal)
  try {
    return await work(() => {
      heardAt = watch.clock.monotonic()
    })
  } finally {
    over.abort()
    await silence
  }
}

async function untilSilent(
  { limitMs, clock, onSilence }: Watch,
  heardAt: () => number,
  over: AbortSignal,
): Promise<void> {
  for (;;) {
    const left = heardAt() + limitMs - clock.monotonic()
    if (left <= 0) break
    await clock.sleep(Math.ceil(left), over)
    if (over.aborted) return
  }
  onSilence()
}
