import type { Delivery } from '../../domain/delivery.ts'
import type { DeliveryPage } from '../../ledger/port.ts'
import type { HubState } from '../context.ts'
import { type Page, readPage } from './page.ts'

/** Messages to callbacks, sent and pending; newest job first. */
export const listDeliveries = ({ ledger }: HubState, page: DeliveryPage): Promise<Page<Delivery>> =>
  readPage(page.limit, (limit) => ledger.deliveries({ ...page, limit }))

/** Queues a message to its callback again, under the same id. Throws `delivery-not-found`. */
export const resendDelivery = ({ ledger }: HubState, id: string): Promise<Delivery> =>
  ledger.resendDelivery(id)
