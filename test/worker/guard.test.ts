import { once } from 'node:events'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { silentLog } from '../../src/platform/log.ts'
import { readProcess } from '../../src/platform/process-table.ts'
import { unconfined } from '../../src/sandbox/none.ts'
import { testSandbox } from '../support/confined.ts'
import { fakeAgent } from '../support/fake-agent.ts'
import { startTestHub } from '../support/hub.ts'
import { describeNeeding } from '../support/needs.ts'
import { memberOf, runningFor } from '../support/processes.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { sh, startHubAndWorker, submitCommand, untilEnded, untilExists } from '../support/worker.ts'
import { killHard, startWorkerProcess } from '../support/worker-process.ts'

const BACK_ENDS = {
  'the sandbox': (marker: string) => testSandbox({ marker }),
  'no sandbox': (marker: string) => unconfined({ marker, log: silentLog }),
}

describeNeeding(['linux'], 'a worker', () => {
  it('that is killed leaves neither its agent nor its guard behind', async () => {
    await using hub = await startTestHub()
    const folder = await tempFolder()
    const worker = await startWorkerProcess(hub, await tempFolder())
    const { id } = await submitCommand(hub, folder, {
      run: sh(`setsid -f sleep 600; touch ${folder}/begun; exec sleep 600`),
    })
    await untilExists(join(folder, 'begun'))
    const guard = memberOf(worker.pid, 'guard/main')
    expect(runningFor({ id, attempt: 1 }).length).toBeGreaterThanOrEqual(2)

    await killHard(worker)

    await expect.poll(() => runningFor({ id, attempt: 1 }), { timeout: 10_000 }).toEqual([])
    await expect.poll(() => readProcess(guard), { timeout: 10_000 }).toBeNull()
  })

  it('whose guard dies ends itself, and its agent', async () => {
    await using hub = await startTestHub()
    const folder = await tempFolder()
    const worker = await startWorkerProcess(hub, await tempFolder(), { stderr: 'ignore' })
    const { id } = await submitCommand(hub, folder, {
      run: sh(`touch ${folder}/begun; exec sleep 600`),
    })
    await untilExists(join(folder, 'begun'))
    const exit = once(worker, 'exit')

    process.kill(memberOf(worker.pid, 'guard/main'), 'SIGKILL')

    expect(await exit).toEqual([1, null])
    expect(runningFor({ id, attempt: 1 })).toEqual([])
  })
})

for (const [name, launchFor] of Object.entries(BACK_ENDS)) {
  describeNeeding(['bubblewrap', 'linux', 'patience'], `an agent in ${name}`, () => {
    it('that is killed alone takes its daemons with it', async () => {
      await using test = await startHubAndWorker({ launchFor })
      const { hub } = test
      const { id } = await submitCommand(hub, await tempFolder(), {
        run: fakeAgent({ do: 'start-daemon' }, { do: 'crash', signal: 'SIGKILL' }),
        retry: { maxFailures: 1 },
      })
      const job = await untilEnded(hub, id)
      expect(job).toMatchObject({ state: 'failed', reason: 'agent-failed' })
      expect(runningFor(job)).toEqual([])
    })
  })
}
