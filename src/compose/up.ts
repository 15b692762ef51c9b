import type { UpConfig } from '../config/settings.ts'
import { HubClient } from '../protocol/client.ts'
import { openHub } from './hub.ts'
import { type OpenWorker, openWorker, type WorkerTools } from './worker.ts'

/** A hub and a worker in one process, which communicate only over HTTP. */
export type OpenUp = AsyncDisposable & {
  readonly url: string
  readonly worker: OpenWorker
  /** Rejects when a background loop of the hub fails. */
  readonly done: Promise<void>
}

/**
 * Opens both at the same time; disposing closes the worker before the hub. Throws what either
 * throws, and what the hub throws when both do.
 */
export async function openUp(config: UpConfig, tools: Omit<WorkerTools, 'hub'>): Promise<OpenUp> {
  await using opening = new AsyncDisposableStack()
  const openingHub = openHub(config, tools)
  const client = openingHub.then(
    ({ url, workerToken }) => new HubClient({ url, token: workerToken }),
  )
  // When both fail, nothing awaits it.
  client.catch(() => {})
  const openingWorker = openWorker(config, { ...tools, hub: client })
  // A worker whose hub does not open closes what it has opened, and must have done so before this ends.
  await Promise.allSettled([openingHub, openingWorker])
  const hub = opening.use(await openingHub)
  const worker = opening.use(await openingWorker)
  const open = opening.move()
  return {
    url: hub.url,
    worker,
    done: hub.done,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}
