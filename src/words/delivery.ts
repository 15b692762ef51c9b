import type { Delivery } from '../domain/delivery.ts'
import { moment } from './quantity.ts'
import { safeLine } from './safe-text.ts'

/** Formats a delivery as the cells of a table row: its event, its URL, and its state. */
export const deliveryRow = (delivery: Delivery): readonly string[] => [
  `${delivery.seq} ${delivery.event}`,
  safeLine(delivery.url),
  deliveryText(delivery),
]

function deliveryText({ state, tries, nextAt, endedAt, ...last }: Delivery): string {
  const answer =
    last.error === null ? (last.status === null ? '' : `: HTTP ${last.status}`) : `: ${last.error}`
  const count = `${tries} ${tries === 1 ? 'try' : 'tries'}`
  switch (state) {
    case 'delivered':
      return `delivered ${endedAt === null ? '' : moment(endedAt)}`
    case 'failed':
      return `failed for good after ${count}${safeLine(answer)}`
    case 'pending':
      return tries === 0
        ? 'not sent yet'
        : `${count}${safeLine(answer)}, next try ${nextAt === null ? '' : moment(nextAt)}`
  }
}
