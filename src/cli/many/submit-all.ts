import { plural } from '../../domain/plural.ts'
import { systemClock } from '../../platform/clock.ts'
import type { HubClient } from '../../protocol/client.ts'
import { notedOutage } from '../noted-outage.ts'
import { safeLine } from '../../words/safe-text.ts'
import type { Invocation } from '../command.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { startCountLine } from '../print/count-line.ts'
import type { Printer } from '../print/printer.ts'
import { waitCommand, waitForGroups } from '../wait-for-groups.ts'
import { listenForStop } from '../stop-signals.ts'
import type { Batch } from './batch.ts'
import { type Sent, sendAll } from './send-all.ts'

/**
 * Submits all jobs of a batch and prints how many; with `wait`, waits until their groups have
 * ended. If this command is interrupted or fails, repeating it submits the remaining jobs.
 */
export async function submitAll(
  invocation: Invocation,
  client: HubClient,
  print: Printer,
  { batch, wait }: { readonly batch: Batch; readonly wait: boolean },
): Promise<void> {
  const { jobs, groups } = batch
  const { ids, created } = await sendShowing(invocation, client, print, batch)
  if (ids.length < jobs.length) {
    const done = `${ids.length} of ${jobs.length} jobs were submitted`
    print.note(`Interrupted: ${done}. Repeat the command to submit the others.`)
    return invocation.end(EXIT_CODES.interrupted.code)
  }
  if (wait) return waitForGroups(invocation, client, print, groups)
  const existed = ids.length - created
  if (print.json) return print.document({ groups, created, existed, jobs: ids })
  const where = groups.length === 1 ? `group ${groups[0]}` : plural(groups.length, 'group')
  const others = existed === 0 ? '' : `; ${plural(existed, 'job')} existed already`
  print.line(`${plural(created, 'job')} submitted, ${safeLine(where)}${others}`)
  print.line(`  next: ${print.command(waitCommand(groups))}`)
}

/** Submits the jobs and shows how many have been submitted. Stops early after an interrupt. */
async function sendShowing(
  { terminal }: Invocation,
  client: HubClient,
  print: Printer,
  { jobs }: Batch,
): Promise<Sent> {
  using stop = listenForStop()
  using line = startCountLine(jobs.length, { print, terminal, clock: systemClock })
  const outage = notedOutage((text) => line.note(text))
  const link = { client, clock: systemClock, outage }
  return await sendAll(link, jobs, (done) => line.count(done), stop.graceful)
}
