import type { Command } from 'commander'
import { z } from 'zod'
import { bytes as size } from '../../domain/bytes.ts'
import type { GarbageItem, GarbageReport } from '../../domain/garbage.ts'
import type { Invocation } from '../command.ts'
import { onHub } from '../hub-command.ts'
import { columns, type Printer } from '../print/printer.ts'
import { safeLine } from '../../words/safe-text.ts'

const Flags = z.object({ dryRun: z.boolean().default(false) })

/** `millwright gc`: runs the hub’s hourly garbage collection immediately. */
export function defineGc(command: Command, invocation: Invocation): void {
  command
    .description(
      'Deletes jobs that ended more than "keepJobs" days ago, uploads that no job uses, and logs and ' +
        'artifacts that nothing refers to. The hub also does this every hour.',
    )
    .option('--dry-run', 'list what would be deleted and why, and delete nothing')
  onHub(command, invocation, Flags, async ({ flags, print, connect }) => {
    const client = await connect()
    const report = await client.call('collect', { body: flags })
    if (print.json) return print.document(report)
    printReport(report, print)
  })
}

function printReport({ dryRun, heldUp, items }: GarbageReport, print: Printer): void {
  const found = items.filter(({ count }) => count > 0)
  const head = ['what', 'count', 'bytes', 'why']
  if (found.length > 0) {
    for (const line of columns([head, ...found.map(rowOf)])) print.line(line)
  }
  const bytes = found.reduce((total, item) => total + (item.bytes ?? 0), 0)
  const verb = dryRun ? 'would be freed' : 'freed'
  print.line(found.length === 0 ? 'nothing to delete' : `${size(bytes)} of disk space ${verb}`)
  if (heldUp)
    print.note('a backup is running: artifacts and logs are not deleted until the backup ends')
}

const rowOf = ({ what, count, bytes, why }: GarbageItem): readonly string[] => [
  what,
  String(count),
  bytes === null ? '-' : size(bytes),
  safeLine(why),
]
