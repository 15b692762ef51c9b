import type { Delivery } from '../../domain/delivery.ts'
import type { DeliveryPage } from '../../ledger/delivery-rows.ts'
import type { HubState } from '../context.ts'
import { type Page, readPage } from './page.ts'

/**
 * Lists deliveries of callback messages: pending, delivered and failed ones. Those of the newest
 * job come first.
 */
export const listDeliveries = ({ ledger }: HubState, page: DeliveryPage): Promise<Page<Delivery>> =>
  readPage(page.limit, (limit) => ledger.deliveries({ ...page, limit }))

/** Queues a delivery to be sent again with the same id. Throws `delivery-not-found`. */
export const resendDelivery = ({ ledger }: HubState, id: string): Promise<Delivery> =>
  ledger.resendDelivery(id)
