import type { Endpoint } from '../handler.ts'
import { fenceIn } from './fence.ts'

export const claimLease: Endpoint<'claimLease'> =
  (desk) =>
  async ({ body, protocol, principal, gone }) => ({
    body: await desk.claim({ ...body, protocol }, principal, gone()),
  })

export const renewLease: Endpoint<'renewLease'> =
  (desk) =>
  async ({ params, body, gone }) => ({ body: await desk.renew(fenceIn(params), body, gone()) })

export const appendEvents: Endpoint<'appendEvents'> =
  (desk) =>
  async ({ params, body }) => {
    await desk.appendEvents(fenceIn(params), body.from, body.events)
    return { body: null }
  }

export const addCheckpoint: Endpoint<'addCheckpoint'> =
  (desk) =>
  async ({ params, body }) => {
    await desk.addCheckpoint(fenceIn(params), body)
    return { body: null }
  }

export const intendPublication: Endpoint<'intendPublication'> =
  (desk) =>
  async ({ params, body }) => {
    await desk.intendPublication(fenceIn(params), body)
    return { body: null }
  }

export const settleLease: Endpoint<'settleLease'> =
  (desk) =>
  async ({ params, body }) => ({
    body: await desk.settle(fenceIn(params), body.settlement, body.usage),
  })

export const pauseLease: Endpoint<'pauseLease'> =
  (desk) =>
  async ({ params, body }) => {
    const { usage, resumeAt, closed, ...pause } = body
    const until = resumeAt === undefined ? {} : { resumeAt }
    const account = closed === undefined ? {} : { closed }
    return { body: await desk.pause(fenceIn(params), { ...pause, ...until, ...account }, usage) }
  }

export const deferLease: Endpoint<'deferLease'> =
  (desk) =>
  async ({ params, body }) => {
    const { usage, ...why } = body
    return { body: await desk.defer(fenceIn(params), why, usage) }
  }

export const handBackLease: Endpoint<'handBackLease'> =
  (desk) =>
  async ({ params }) => ({ body: await desk.handBack(fenceIn(params)) })

export const abandonLease: Endpoint<'abandonLease'> =
  (desk) =>
  async ({ params, body, principal }) => ({
    body: await desk.abandon(fenceIn(params), body.worker, principal),
  })
