import type { OpenWorker } from '../compose/worker.ts'
import { plural } from '../domain/plural.ts'
import type { Printer } from './print/printer.ts'
import { aborted, type StopSignals } from './stop-signals.ts'

/**
 * Runs a worker until the first stop signal, then drains it: running jobs finish or are handed back.
 * A second signal stops it immediately. Rejects when the worker fails, or one of `others`.
 */
export async function workUntilStopped(
  worker: OpenWorker,
  others: readonly Promise<void>[],
  stop: StopSignals,
  print: Printer,
): Promise<void> {
  await Promise.race([aborted(stop.graceful), worker.done, ...others])
  if (worker.running > 0) {
    print.note(`waiting for ${plural(worker.running, 'job')}; a second signal stops at once`)
  }
  const atOnce = aborted(stop.atOnce).then(() => worker.stop())
  await Promise.race([worker.drain(), atOnce])
}
