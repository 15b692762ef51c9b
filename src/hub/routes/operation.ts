import { openApiDocument } from '../../protocol/openapi.ts'
import { PROTOCOL } from '../../protocol/version.ts'
import type { Endpoint } from '../handler.ts'

/** Shows that the event loop is running. Does not query the ledger. */
export const live: Endpoint<'live'> =
  ({ version }) =>
  async () => ({ body: { status: 'ok', version, protocol: PROTOCOL } })

export const ready: Endpoint<'ready'> =
  ({ version, demandReady }) =>
  async () => {
    await demandReady()
    return { body: { status: 'ok', version, protocol: PROTOCOL } }
  }

export const metrics: Endpoint<'metrics'> = (desk) => async () => {
  const { text, contentType } = await desk.printMetrics()
  return { body: text, headers: { 'content-type': contentType } }
}

export const openApi: Endpoint<'openApi'> = ({ version }) => {
  // Built on the first request, because building it takes longer than the rest of the hub's startup.
  let document: ReturnType<typeof openApiDocument> | undefined
  return async () => ({ body: (document ??= openApiDocument(version)) })
}

export const listWorkers: Endpoint<'listWorkers'> = (desk) => async () => ({
  body: { workers: [...(await desk.listWorkers())] },
})

export const listClosed: Endpoint<'listClosed'> = (desk) => async () => ({
  body: { closed: [...(await desk.listClosed())] },
})

export const collect: Endpoint<'collect'> =
  (desk) =>
  async ({ body }) => ({ body: await desk.collectGarbage(body.dryRun) })
