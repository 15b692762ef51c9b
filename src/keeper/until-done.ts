/** Jobs per transaction, so that other transactions never wait long. */
const BATCH = 100
/** Transactions per run, so that a run ends; the next run continues. */
const BATCHES_MAX = 50

/**
 * Works in bounded batches until one changes nothing; returns how many jobs changed. A partial
 * batch does not mean that the work is done: jobs with many lock keys end a transaction early.
 */
export async function untilDone(work: (limit: number) => Promise<number>): Promise<number> {
  let total = 0
  for (let batch = 0; batch < BATCHES_MAX; batch += 1) {
    const changed = await work(BATCH)
    total += changed
    if (changed === 0) break
  }
  return total
}
