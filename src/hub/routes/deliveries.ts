import type { Endpoint } from '../handler.ts'

export const listDeliveries: Endpoint<'listDeliveries'> =
  (hub) =>
  async ({ query: { job, state, cursor, limit } }) => {
    // One more than wanted tells whether there is a next page.
    const found = await hub.ledger.deliveries({
      jobId: job ?? null,
      states: state ?? null,
      after: cursor ?? null,
      limit: limit + 1,
    })
    const page = found.slice(0, limit)
    return { deliveries: page, next: found.length > limit ? (page.at(-1)?.id ?? null) : null }
  }

export const resendDelivery: Endpoint<'resendDelivery'> =
  (hub) =>
  async ({ params }) =>
    hub.ledger.resendDelivery(params.delivery)
