/** Runs a task after all earlier tasks with the same key have ended, successfully or not. */
type KeyedMutex = <Value>(key: string, task: () => Promise<Value>) => Promise<Value>

/**
 * Creates a `KeyedMutex`. Tasks with different keys do not wait for each other. A key uses memory
 * only while its tasks run or wait.
 */
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
