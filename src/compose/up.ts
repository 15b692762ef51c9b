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
 * Opens the hub and the worker in parallel. Disposing closes the worker before the hub. Throws the
 * error of the one that fails to open; if both fail, throws the hub's error.
 */
export async function openUp(config: UpConfig, tools: Omit<WorkerTools, 'hub'>): Promise<OpenUp> {
  await using opening = new AsyncDisposableStack()
  const openingHub = openHub(config, tools)
  const client = openingHub.then(
    ({ url, workerToken }) => new HubClient({ url, token: workerToken }),
  )
  // If the hub and the worker both fail to open, `client` rejects but nothing awaits it. Without
  // this line, Node would then end the process.
  client.catch(() => {})
  const openingWorker = openWorker(config, { ...tools, hub: client })
  // If the hub does not open, the worker closes everything it has opened. Wait for that too.
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
