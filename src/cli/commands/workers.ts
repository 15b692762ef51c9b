import type { Command } from 'commander'
import { type Invocation, NoFlags } from '../command.ts'
import { onHub } from '../hub-command.ts'
import { columns } from '../print/printer.ts'
import { duration } from '../../words/quantity.ts'
import { safeLine } from '../../words/safe-text.ts'
import { isAway } from '../../words/why-waiting.ts'

/** `millwright workers`: lists the workers and when each last contacted the hub. */
export function defineWorkers(command: Command, invocation: Invocation): void {
  command.description('Lists the hub’s workers and when each last contacted the hub.')
  onHub(command, invocation, NoFlags, async ({ print, connect }) => {
    const client = await connect()
    const answer = await client.call('listWorkers', {})
    if (print.json) return print.document(answer)
    if (answer.workers.length === 0) return print.note('no workers')
    const now = Date.now()
    const head = ['name', 'seen', 'busy', 'sandbox', 'kinds', 'labels', 'offers', 'only', 'version']
    const rows = answer.workers.map((worker) => [
      safeLine(worker.name),
      `${duration(now - worker.seenAt)} ago`,
      isAway(worker, now) ? 'away' : `${worker.running} of ${worker.slots}`,
      worker.sandbox,
      safeLine(worker.kinds.join(',')),
      safeLine(worker.labels.join(',')),
      safeLine(worker.offers.join(',')),
      safeLine((worker.restrictedTo ?? []).join(' ')),
      safeLine(worker.version),
    ])
    for (const line of columns([head, ...rows])) print.line(line)
  })
}
