import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { describeNeeding } from '../support/needs.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { startWorkerProcess } from '../support/worker-process.ts'
import { fakeAgent } from '../support/fake-agent.ts'
import { runningFor } from '../support/processes.ts'
import { tempFolder } from '../support/temp-folder.ts'
import {
  artifact,
  sh,
  startHubAndWorker,
  submitCommand,
  untilEnded,
  untilExists,
} from '../support/worker.ts'

const ONCE = { maxFailures: 1 }

/** A line of shell that waits for a file of the test. */
const untilThere = (folder: string, file: string): string =>
  `until [ -e ${folder}/${file} ]; do sleep 0.05; done`

describeNeeding(['patience'], 'a limit', () => {
  it('ends an attempt that takes too long, and keeps its work', async () => {
    await using test = await startHubAndWorker()
    const { hub } = test
    const { id } = await submitCommand(hub, await tempFolder(), {
      run: sh('echo half > file; while true; do echo busy; sleep 0.05; done'),
      limits: { wallMs: 1000 },
    })

    const job = await untilEnded(hub, id)

    expect(job).toMatchObject({
      state: 'failed',
      reason: 'wall-limit',
      detail: expect.stringContaining('longer than 1000 ms (limits.wallMs)'),
    })
    expect(runningFor(job)).toEqual([])
    expect(await artifact(hub, job, 'change.patch')).toContain('+half')
  })

  it('ends an agent that says nothing for too long, not one that speaks', async () => {
    await using test = await startHubAndWorker({ slots: 2 })
    const { hub } = test
    const [silent, talking] = await Promise.all([
      submitCommand(hub, await tempFolder(), {
        run: sh('echo half > file; exec sleep 600'),
        limits: { idleMs: 1000 },
        retry: ONCE,
      }),
      submitCommand(hub, await tempFolder(), {
        run: sh('for i in 1 2 3 4 5 6; do echo $i; sleep 0.25; done; echo whole > file'),
        limits: { idleMs: 1000 },
      }),
    ])

    const job = await untilEnded(hub, silent.id)

    expect(job).toMatchObject({ state: 'failed', reason: 'idle-limit' })
    expect(await artifact(hub, job, 'change.patch')).toContain('+half')
    expect(await untilEnded(hub, talking.id)).toMatchObject({ reason: 'patch-ready' })
  })

  it('keeps the beginning and the end of too much output, and says what is missing', async () => {
    await using test = await startHubAndWorker()
    const { hub } = test
    const { id } = await submitCommand(hub, await tempFolder(), {
      run: fakeAgent(
        { do: 'say', text: 'the first line' },
        { do: 'spam', bytes: 8 * 1024 * 1024, stream: 'stdout' },
        { do: 'say', text: 'the last line' },
      ),
      limits: { outputBytes: 1024 * 1024 },
    })

    const job = await untilEnded(hub, id)
    const log = await artifact(hub, job, 'agent-output.log')

    expect(log.startsWith('the first line\n')).toBe(true)
    expect(log.endsWith('the last line\n')).toBe(true)
    expect(log).toMatch(/\n\[\d{7} bytes left out here because of limits\.outputBytes\]\n/)
    expect(log.length).toBeLessThan(1024 * 1024 + 100)
    const live = await hub.admin.call('readLog', {
      params: { job: id, stream: 'output' },
      query: { limit: 4 * 1024 * 1024 },
    })
    expect(await live.text()).toBe(log)
  })

  it('shows output while the agent runs', async () => {
    await using test = await startHubAndWorker()
    const { hub } = test
    const folder = await tempFolder()
    const { id } = await submitCommand(hub, folder, {
      run: sh(`echo early; touch ${folder}/begun; exec sleep 600`),
    })
    await untilExists(join(folder, 'begun'))

    const params = { job: id, stream: 'output' } as const
    const log = await hub.admin.call('readLog', { params, query: { waitMs: 10_000 } })

    expect(await log.text()).toBe('early\n')
  })
})

/** A worker with two slots whose data folder is a small disk of its own. */
async function startOnSmallDisk(hub: TestHub): Promise<void> {
  const data = await tempFolder()
  const onSmallDisk = `mount -t tmpfs -o size=160m none ${data} && exec "$@"`
  const prefix = ['unshare', '-m', 'sh', '-ec', onSmallDisk, 'sh']
  await startWorkerProcess(hub, data, { prefix, args: ['2'] })
}

describeNeeding(['root', 'linux'], 'a disk that an agent fills', () => {
  it('fails the job by name and not the worker, which goes on when there is room again', async () => {
    await using hub = await startTestHub()
    await startOnSmallDisk(hub)
    const { id } = await submitCommand(hub, await tempFolder(), {
      run: sh('head -c 300000000 /dev/zero > big; echo written; exec sleep 600'),
      retry: ONCE,
    })

    expect(await untilEnded(hub, id)).toMatchObject({ state: 'failed', reason: 'disk-full' })
    const next = await submitCommand(hub, await tempFolder(), { run: ['true'] })
    expect(await untilEnded(hub, next.id)).toMatchObject({ state: 'succeeded' })
  })
})

describeNeeding(
  ['root', 'linux', 'patience'],
  'a disk that an agent fills beside other jobs',
  () => {
    it('harms no job beside it, also when there is no room for the end of its output', async () => {
      await using hub = await startTestHub()
      const folder = await tempFolder()
      await startOnSmallDisk(hub)
      const beside = await submitCommand(hub, join(folder, 'beside'), {
        run: sh(`touch ${folder}/runs; ${untilThere(folder, 'go')}; echo x > file`),
      })
      await untilExists(join(folder, 'runs'))
      const greedy = await submitCommand(hub, join(folder, 'greedy'), {
        run: sh('yes | head -c 300000; cat /dev/zero > zero; exit 0'),
        limits: { outputBytes: 65_536 },
        retry: ONCE,
      })

      expect(await untilEnded(hub, greedy.id)).toMatchObject({
        state: 'failed',
        reason: 'disk-full',
      })
      const next = await submitCommand(hub, join(folder, 'next'), { run: ['true'] })
      expect(await untilEnded(hub, next.id)).toMatchObject({ state: 'succeeded' })
      await writeFile(join(folder, 'go'), '')
      expect(await untilEnded(hub, beside.id)).toMatchObject({ state: 'succeeded', attempt: 1 })
    })

    it('fails by name, and alone, the job that comes just then', async () => {
      await using hub = await startTestHub()
      const folder = await tempFolder()
      await startOnSmallDisk(hub)
      const greedy = await submitCommand(hub, join(folder, 'greedy'), {
        run: sh(
          `cat /dev/zero > zero 2> ${folder}/why; touch ${folder}/full; ${untilThere(folder, 'go')}; rm zero`,
        ),
      })
      await untilExists(join(folder, 'full'))

      const late = await submitCommand(hub, join(folder, 'late'), { run: ['true'], retry: ONCE })

      expect(await untilEnded(hub, late.id)).toMatchObject({ state: 'failed', reason: 'disk-full' })
      await writeFile(join(folder, 'go'), '')
      expect(await untilEnded(hub, greedy.id)).toMatchObject({ state: 'succeeded', attempt: 1 })
    })
  },
)
