/** Runs a task when those before it under the same key have ended, however they ended. */
export type InTurns = <Value>(key: string, task: () => Promise<Value>) => Promise<Value>

/** One queue a key, for as long as something waits in it. */
export function inTurns(): InTurns {
  const lasts = new Map<string, Promise<unknown>>()
  return async (key, task) => {
    const before = lasts.get(key)
    const turn = before === undefined ? task() : before.then(task, task)
    lasts.set(key, turn)
    try {
      return await turn
    } finally {
      if (lasts.get(key) === turn) lasts.delete(key)
    }
  }
}
