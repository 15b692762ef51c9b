/** Jobs a transaction, so that none holds up the others for long. */
const BATCH = 100
/** Transactions a run, so that a loop never runs away; the next run goes on. */
const BATCHES_MAX = 50

/**
 * Works in bounded batches until one finds nothing to do; returns how many jobs changed. A batch
 * that is not full says nothing: jobs with many lock keys fill a transaction sooner.
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
