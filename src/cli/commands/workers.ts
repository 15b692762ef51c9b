import type { Command } from 'commander'
import { type Invocation, NoFlags } from '../command.ts'
import { onHub } from '../hub-command.ts'
import { columns } from '../print/printer.ts'
import { duration } from '../../words/quantity.ts'
import { safeLine } from '../../words/safe-text.ts'
import { closedText, isAway } from '../../words/why-waiting.ts'

/** `millwright workers`: lists the workers and when each last contacted the hub. */
export function defineWorkers(command: Command, invocation: Invocation): void {
  command.description(
    'Lists the hub’s workers, when each last contacted the hub, and what jobs wait for because it is away.',
  )
  onHub(command, invocation, NoFlags, async ({ print, connect }) => {
    const client = await connect()
    const [answer, { closed }] = await Promise.all([
      client.call('listWorkers', {}),
      client.call('listClosed', {}),
    ])
    if (print.json) return print.document({ ...answer, closed })
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
    for (const row of closed) print.line(`jobs wait for ${closedText(row)}`)
  })
}
