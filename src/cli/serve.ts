import type { OpenWorker } from '../compose/worker.ts'
import { plural } from '../domain/plural.ts'
import type { Printer } from './print/printer.ts'
import { aborted, type StopSignals } from './stop-signals.ts'

/**
 * Waits until the hub has registered the worker, so that a job submitted afterwards is not reported
 * as one that no worker can run. Returns false if the worker has to stop first. Rejects like
 * `workUntilStopped`.
 */
export async function untilKnown(
  worker: OpenWorker,
  others: readonly Promise<void>[],
  stop: StopSignals,
): Promise<boolean> {
  const stopped = aborted(stop.graceful).then(() => false)
  const ended = [worker.done, ...others].map((end) => end.then(() => false))
  return Promise.race([worker.known.then(() => true), stopped, ...ended])
}

/**
 * Runs a worker until the first stop signal, then drains it: running jobs finish or are handed back
 * to the hub. A second signal stops the worker immediately. Rejects if the worker fails or if one
 * of `others` rejects.
 */
export async function workUntilStopped(
  worker: OpenWorker,
  others: readonly Promise<void>[],
  stop: StopSignals,
  print: Printer,
): Promise<void> {
  await Promise.race([aborted(stop.graceful), worker.done, ...others])
  if (worker.running > 0) {
    print.note(
      `waiting for ${plural(worker.running, 'job')} to finish; a second signal stops the worker immediately`,
    )
  }
  const atOnce = aborted(stop.atOnce).then(() => worker.stop())
  await Promise.race([worker.drain(), atOnce])
}
