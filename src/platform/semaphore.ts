/** Runs at most `permits` tasks at once; the others wait in order of arrival. */
export function semaphore(permits: number): <V>(task: () => Promise<V>) => Promise<V> {
  const waiting: (() => void)[] = []
  let free = permits
  return async (task) => {
    if (free > 0) free -= 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await task()
    } finally {
      const next = waiting.shift()
      if (next === undefined) free += 1
      else next()
    }
  }
}
