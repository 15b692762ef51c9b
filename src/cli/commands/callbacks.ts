import type { Command } from 'commander'
import { z } from 'zod'
import { DeliveryId, DeliveryState } from '../../domain/callback.ts'
import { AppError } from '../../domain/errors.ts'
import { collect, type Invocation, NoFlags } from '../command.ts'
import { findJob, JOB_HELP } from '../find-job.ts'
import { onHub } from '../hub-command.ts'
import { deliveryRow } from '../../words/delivery.ts'
import { columns } from '../print/printer.ts'

/** `millwright callbacks`: lists callback deliveries and sends them again. */
export function defineCallbacks(callbacks: Command, invocation: Invocation): void {
  addList(callbacks, invocation)
  addResend(callbacks, invocation)
}

const ListFlags = z.object({
  state: z.array(DeliveryState).optional(),
  cursor: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
})

function addList(callbacks: Command, invocation: Invocation): void {
  const command = callbacks
    .command('list', { isDefault: true })
    .description(
      'Lists the deliveries of a job. Without a job, lists all that are pending or failed.',
    )
    .argument('[job]', JOB_HELP)
    .option(
      '--state <state>',
      `only deliveries in this state: ${DeliveryState.options.join(', ')}; repeatable`,
      collect,
    )
    .option('--cursor <id>', 'show the next page: the cursor printed below the previous page')
    .option('--limit <count>', 'deliveries per page, at most 200', '50')
  onHub(command, invocation, ListFlags, async ({ flags, args: [text], print, connect }) => {
    const client = await connect()
    const job = text === undefined ? undefined : await findJob(client, text)
    const state = flags.state ?? (job === undefined ? ['pending', 'failed'] : undefined)
    const query = { job, state, cursor: flags.cursor, limit: flags.limit }
    const page = await client.call('listDeliveries', { query })
    if (print.json) return print.document(page)
    if (page.deliveries.length === 0) return print.note('no deliveries')
    const rows = page.deliveries.map((delivery) => [delivery.id, ...deliveryRow(delivery)])
    for (const line of columns(rows)) print.line(line)
    if (page.next !== null) print.note(`next page: --cursor ${page.next}`)
  })
}

function addResend(callbacks: Command, invocation: Invocation): void {
  const command = callbacks
    .command('resend')
    .description('Sends a delivery again with the same id, even if it has already succeeded.')
    .argument('<id>', 'id of the delivery, as listed')
  onHub(command, invocation, NoFlags, async ({ args: [text = ''], print, connect }) => {
    const delivery = DeliveryId.safeParse(text)
    if (!delivery.success) {
      throw new AppError('usage-invalid', `${JSON.stringify(text)} is not a delivery id`)
    }
    const client = await connect()
    const params = { delivery: delivery.data }
    const sent = await client.call('resendDelivery', { params })
    if (print.json) return print.document(sent)
    print.line(`The delivery ${sent.id} will be sent again`)
  })
}
