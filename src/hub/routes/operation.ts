import { openApiDocument } from '../../protocol/openapi.ts'
import { demandRoom } from '../disk-floor.ts'
import type { Endpoint } from '../handler.ts'

/** The process turns its loop; asks nothing of the ledger. */
export const live: Endpoint<'live'> =
  ({ version }) =>
  async () => ({ status: 'ok', version })

/** New work would be kept: the ledger can be written and the disk has room. */
export const ready: Endpoint<'ready'> =
  ({ ledger, disk, version }) =>
  async () => {
    await ledger.checkWritable()
    await demandRoom(disk)
    return { status: 'ok', version }
  }

export const metrics: Endpoint<'metrics'> =
  (hub) =>
  async ({ reply }) => {
    const { text, contentType } = await hub.metrics.print()
    void reply.type(contentType)
    return text
  }

export const openApi: Endpoint<'openApi'> = ({ version }) => {
  const document = openApiDocument(version)
  return async () => document
}

export const listWorkers: Endpoint<'listWorkers'> =
  ({ ledger }) =>
  async () => ({ workers: [...(await ledger.workers())] })

/** Goes on although the caller has gone: what is superfluous now is so later, too. */
export const collect: Endpoint<'collect'> =
  (hub) =>
  async ({ body }) =>
    hub.collect(body.dryRun, hub.closing)
