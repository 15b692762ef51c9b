import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startTestHub } from '../support/hub.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { sh, startTestWorker, submitCommand } from '../support/worker.ts'

/** What can only be a bug ends the worker; its leases see to the jobs. */
describe('a worker', () => {
  it('that gets a job of a kind it does not serve ends and says so', async () => {
    await using hub = await startTestHub()
    await submitCommand(hub, await tempFolder(), { run: ['true'] })
    const { worker } = await startTestWorker(hub, {
      folder: await tempFolder(),
      kinds: new Map(),
    })
    await expect(worker.done).rejects.toThrow('a job of kind code, which this worker did not offer')
  })

  it('that cannot write its report down, though its disk has room, ends and settles nothing', async () => {
    await using hub = await startTestHub()
    const folder = await tempFolder()
    const reports = join(folder, 'reports')
    const run = sh(`rm -rf ${reports} && touch ${reports}`)
    const { id } = await submitCommand(hub, await tempFolder(), { run })
    const { worker } = await startTestWorker(hub, { folder })
    await expect(worker.done).rejects.toThrow(/EEXIST|ENOTDIR/)
    expect(await hub.ledger.job(id)).toMatchObject({ state: 'running', attempt: 1 })
  })
})
