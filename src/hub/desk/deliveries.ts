import type { Delivery } from '../../domain/delivery.ts'
import type { DeliveryPage } from '../../ledger/port.ts'
import type { HubState } from '../context.ts'
import { type Page, readPage } from './page.ts'

/** What callbacks were told, or will be; newest job first. */
export const listDeliveries = ({ ledger }: HubState, page: DeliveryPage): Promise<Page<Delivery>> =>
  readPage(page.limit, (limit) => ledger.deliveries({ ...page, limit }))

/** Sends to a callback once more, under the same id. Throws `delivery-not-found`. */
export const resendDelivery = ({ ledger }: HubState, id: string): Promise<Delivery> =>
  ledger.resendDelivery(id)
