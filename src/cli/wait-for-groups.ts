import type { CommandLine } from '../domain/hint.ts'
import type { Totals } from '../domain/totals.ts'
import type { HubClient } from '../protocol/client.ts'
import { totalsText } from '../words/totals.ts'
import type { Invocation } from './command.ts'
import { readGroups } from './group.ts'
import type { Printer } from './print/printer.ts'
import { waitUntilEnded } from './wait-until-ended.ts'

/** Waits until all jobs of some groups have ended, and prints their totals and what to do next. */
export async function waitForGroups(
  invocation: Invocation,
  client: HubClient,
  print: Printer,
  groups: readonly [string, ...string[]],
): Promise<void> {
  const totals = await waitUntilEnded(invocation, print, {
    look: () => readGroups(client, groups),
    again: waitCommand(groups),
  })
  if (totals === null) return
  printTotals(totals, print)
  if (print.json || totals.jobs.failed === 0) return
  for (const group of groups) {
    const list = ['jobs', '--group', group, '--state', 'failed', '--not-retried'] as const
    print.line(`  next: ${print.command(list)}`)
    print.line(`        ${print.command(['retry', '--failed', '--group', group])}`)
  }
}

/** The command that waits for some groups. */
export const waitCommand = (groups: readonly string[]): CommandLine => [
  'wait',
  ...groups.flatMap((group) => ['--group', group]),
]

/** Prints totals as one line, or as one JSON document. */
export function printTotals(totals: Totals, print: Printer): void {
  if (print.json) print.document(totals)
  else print.line(totalsText(totals))
}
