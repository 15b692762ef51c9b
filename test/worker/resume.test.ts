import { randomBytes } from 'node:crypto'
import { type ChildProcess } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Job } from '../../src/domain/job.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { byHand, commitAndPush, makeRemote } from '../support/repository.ts'
import { tempFolder } from '../support/temp-folder.ts'
import {
  artifact,
  sh,
  loseWorker,
  startTestWorker,
  submitCommand,
  untilEnded,
  untilExists,
} from '../support/worker.ts'
import { killHard, startWorkerProcess } from '../support/worker-process.ts'
import { describeNeeding } from '../support/needs.ts'

/** Every sort of change, and a line in a file outside for each time it runs. */
const agentIn = (folder: string) =>
  sh(`echo ran >> ${folder}/runs
    cp ${folder}/bytes picture; rm README.md; mkdir -p deep/er; echo x > "deep/er/a name"
    ln -s deep link; echo '#!/bin/sh' > tool; chmod +x tool`)

/** Hangs the first time and passes from then on. */
const hangsOnce = (folder: string) =>
  sh(`[ -e ${folder}/begun ] || { touch ${folder}/begun; sleep 600; }`)

/** How often the agent has been paid for. */
const runs = async (folder: string): Promise<number> =>
  (await readFile(join(folder, 'runs'), 'utf8')).trim().split('\n').length

async function notesOf(hub: TestHub, id: Job['id']): Promise<readonly string[]> {
  const { events } = await hub.admin.call('listEvents', { params: { job: id } })
  return events.flatMap((event) => (event.type === 'note' ? [event.code] : []))
}

/** A job whose first worker is killed while it checks the agent's finished work. */
async function killedInItsChecks(hub: TestHub, folder: string) {
  await writeFile(join(folder, 'bytes'), randomBytes(5000))
  const repository = await makeRemote(folder)
  const worker: ChildProcess = await startWorkerProcess(hub, await tempFolder())
  const { id } = await submitCommand(hub, '', {
    run: agentIn(folder),
    payload: {
      repository: repository.remote,
      checks: [{ name: 'slow', run: hangsOnce(folder) }],
      publish: { mode: 'branch', branch: 'work' },
    },
  })
  await untilExists(join(folder, 'begun'))
  await killHard(worker)
  await loseWorker(hub)
  return { id, ...repository }
}

describeNeeding(['patience'], 'an attempt after one that died with the agent’s work done', () => {
  it('goes on with that work on another machine, and pays for no agent', async () => {
    await using hub = await startTestHub()
    const folder = await tempFolder()
    const { id, remote, clone } = await killedInItsChecks(hub, folder)
    // It goes on from the commit that the work was made on, not from a newer one.
    const newer = await commitAndPush(clone, { 'new.txt': 'x\n' })

    await using second = await startTestWorker(hub)

    expect(await untilEnded(hub, id)).toMatchObject({ reason: 'published', attempt: 2 })
    expect(await runs(folder)).toBe(1)
    const tree = await byHand(remote, 'ls-tree', '-r', '--format=%(objectmode) %(path)', 'work')
    expect(tree.split('\n')).toEqual([
      '100644 deep/er/a name',
      '120000 link',
      '100644 picture',
      '100755 tool',
    ])
    expect(await byHand(remote, 'rev-parse', 'work^')).not.toBe(newer)
    await expect.poll(() => second.worker.running).toBe(0)
  })

  it('does the work again when its commit is nowhere to be had any more', async () => {
    await using hub = await startTestHub()
    const folder = await tempFolder()
    const { id, remote, clone } = await killedInItsChecks(hub, folder)
    await byHand(clone, 'commit', '-q', '--amend', '-m', 'another')
    await byHand(clone, 'push', '-q', '--force', 'origin', 'main')
    await byHand(remote, 'reflog', 'expire', '--expire=now', '--all')
    await byHand(remote, 'gc', '-q', '--prune=now')

    await using second = await startTestWorker(hub)

    expect(await untilEnded(hub, id)).toMatchObject({ reason: 'published', attempt: 2 })
    expect(await runs(folder)).toBe(2)
    expect(await notesOf(hub, id)).toContain('work-not-found')
    await expect.poll(() => second.worker.running).toBe(0)
  })
})

describeNeeding(['patience'], 'an attempt after one that was told to stop in its checks', () => {
  it('goes on with the work as the agent left it, whatever the checks had written', async () => {
    await using hub = await startTestHub()
    const folder = await tempFolder()
    await using first = await startTestWorker(hub, { drainMs: 0 })
    const { id } = await submitCommand(hub, folder, {
      run: sh(`echo ran >> ${folder}/runs; echo work > work`),
      payload: {
        checks: [
          { name: 'covers', run: sh('mkdir -p coverage; date +%N > coverage/out') },
          { name: 'slow', run: hangsOnce(folder) },
        ],
      },
    })
    await untilExists(join(folder, 'begun'))
    await first.worker.drain()

    await using second = await startTestWorker(hub)

    const job = await untilEnded(hub, id)
    expect(job).toMatchObject({ reason: 'patch-ready', attempt: 2, failures: 0 })
    expect(await runs(folder)).toBe(1)
    expect(await artifact(hub, job, 'change.patch')).not.toContain('coverage')
    await expect.poll(() => second.worker.running).toBe(0)
  })
})
