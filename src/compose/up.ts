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

/** Opens both; disposing closes the worker before the hub. Throws what either throws. */
export async function openUp(config: UpConfig, tools: Omit<WorkerTools, 'hub'>): Promise<OpenUp> {
  await using opening = new AsyncDisposableStack()
  const hub = opening.use(await openHub(config, tools))
  const client = new HubClient({ url: hub.url, token: hub.workerToken })
  const worker = opening.use(await openWorker(config, { ...tools, hub: client }))
  const open = opening.move()
  return {
    url: hub.url,
    worker,
    done: hub.done,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}
