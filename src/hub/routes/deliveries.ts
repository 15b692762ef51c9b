import type { Endpoint } from '../handler.ts'

export const listDeliveries: Endpoint<'listDeliveries'> =
  (desk) =>
  async ({ query: { job, state, cursor, limit } }) => {
    const { items, next } = await desk.listDeliveries({
      jobId: job ?? null,
      states: state ?? null,
      after: cursor ?? null,
      limit,
    })
    return { body: { deliveries: [...items], next } }
  }

export const resendDelivery: Endpoint<'resendDelivery'> =
  (desk) =>
  async ({ params }) => ({ body: await desk.resendDelivery(params.delivery) })
