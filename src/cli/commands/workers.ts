import type { Command } from 'commander'
import { type Invocation, NoFlags } from '../command.ts'
import { onHub } from '../hub-command.ts'
import { workerReport } from '../print/worker.ts'
import { closedText } from '../../words/why-waiting.ts'

/** `millwright workers`: lists the workers, and what each of them offers to jobs. */
export function defineWorkers(command: Command, invocation: Invocation): void {
  command.description(
    'Lists the hub’s workers, when each last contacted the hub, what it offers to jobs, and which unavailable services jobs wait for.',
  )
  onHub(command, invocation, NoFlags, async ({ print, connect }) => {
    const client = await connect()
    const [answer, { closed }] = await Promise.all([
      client.call('listWorkers', {}),
      client.call('listClosed', {}),
    ])
    if (print.json) return print.document({ ...answer, closed })
    if (answer.workers.length === 0) return print.note('no workers')
    for (const worker of answer.workers) {
      for (const line of workerReport(worker, Date.now(), print.paint)) print.line(line)
    }
    for (const row of closed) print.line(`jobs wait for ${closedText(row)}`)
  })
}
