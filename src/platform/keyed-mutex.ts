/** Runs a task when those before it under the same key have ended, however they ended. */
type KeyedMutex = <Value>(key: string, task: () => Promise<Value>) => Promise<Value>

/** One queue a key, for as long as something waits in it. */
export function keyedMutex(): KeyedMutex {
  const lasts = new Map<string, Promise<unknown>>()
  return async (key, task) => {
    const before = lasts.get(key)
    const running = before === undefined ? task() : before.then(task, task)
    lasts.set(key, running)
    try {
      return await running
    } finally {
      if (lasts.get(key) === running) lasts.delete(key)
    }
  }
}
