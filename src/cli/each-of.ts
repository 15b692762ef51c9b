/** The maximum number of calls to the hub that run at the same time. */
const CALLS_MAX = 8

/**
 * Calls `work` for each item. Starts the calls in the order of the items, and runs at most eight at
 * a time. After a call fails, starts no further call, and throws the first error once the running
 * calls have ended.
 */
export async function eachOf<Item>(
  items: Iterable<Item>,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]()
  const errors: unknown[] = []
  const workThrough = async (): Promise<void> => {
    while (errors.length === 0) {
      const next = iterator.next()
      if (next.done === true) return
      await work(next.value).catch((error: unknown) => errors.push(error))
    }
  }
  await Promise.all(Array.from({ length: CALLS_MAX }, workThrough))
  if (errors.length > 0) throw errors[0]
}
