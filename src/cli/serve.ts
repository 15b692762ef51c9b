import type { OpenWorker } from '../compose/worker.ts'
import type { Printer } from './print/printer.ts'
import { aborted, type StopSignals } from './stop-signals.ts'

/**
 * Lets a worker run until it is told to stop, then drains it: running jobs may finish or are
 * handed back. Told again, it stops at once. Rejects when the worker, or another part of the
 * process that it needs, fails.
 */
export async function workUntilStopped(
  worker: OpenWorker,
  others: readonly Promise<void>[],
  stop: StopSignals,
  print: Printer,
): Promise<void> {
  await Promise.race([aborted(stop.inOrder), worker.done, ...others])
  if (worker.running > 0) {
    print.note(`waiting for ${worker.running} running; a second signal stops at once`)
  }
  const atOnce = aborted(stop.atOnce).then(() => worker.stop())
  await Promise.race([worker.drain(), atOnce])
}
