import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Job } from '../../src/domain/job.ts'
import { eventsOf, submitGenerate } from '../support/generate.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { describeNeeding } from '../support/needs.ts'
import { tempFolder } from '../support/temp-folder.ts'
import {
  artifact,
  artifactNames,
  loseWorker,
  sh,
  startTestWorker,
  untilEnded,
  untilExists,
} from '../support/worker.ts'
import { killHard, startWorkerProcess } from '../support/worker-process.ts'

/** Hangs the first time and passes from then on. */
const hangsOnce = (folder: string): string =>
  `[ -e ${folder}/begun ] || { touch ${folder}/begun; sleep 600; }`

/** How often the generator has run. */
const runs = async (folder: string): Promise<number> =>
  (await readFile(join(folder, 'runs'), 'utf8')).trim().split('\n').length

const notesOf = async (hub: TestHub, id: Job['id']): Promise<readonly string[]> =>
  (await eventsOf(hub, id)).flatMap((event) => (event.type === 'note' ? [event.code] : []))

/** A job whose first worker is killed while it checks what the generator has made. */
async function killedInItsChecks(hub: TestHub, folder: string): Promise<Job['id']> {
  const worker = await startWorkerProcess(hub, await tempFolder())
  const { id } = await submitGenerate(hub, {
    script: `echo ran >> ${folder}/runs; mkdir views; echo front > views/front.txt; echo model > model`,
    payload: {
      checks: [
        {
          name: 'slow',
          run: sh(`[ -e ${folder}/begun ] || echo spoiled > model; ${hangsOnce(folder)}`),
        },
        { name: 'whole', run: sh('grep -q model model && grep -q front views/front.txt') },
      ],
    },
  })
  await untilExists(join(folder, 'begun'))
  await killHard(worker)
  await loseWorker(hub)
  return id
}

describeNeeding(['patience'], 'an attempt after one that died with its files made', () => {
  it('checks those files on another machine and does not make them again', async () => {
    await using hub = await startTestHub()
    const folder = await tempFolder()
    const id = await killedInItsChecks(hub, folder)

    await using second = await startTestWorker(hub)

    const job = await untilEnded(hub, id)
    expect(job).toMatchObject({
      reason: 'objects-ready',
      attempt: 2,
      detail: '2 files, 12 B, made by attempt 1',
    })
    expect(await runs(folder)).toBe(1)
    expect(await artifact(hub, { id, attempt: 1 }, 'outputs/model')).toBe('model\n')
    await expect.poll(() => second.worker.running).toBe(0)
  })

  it('makes them again when one of them is nowhere to be had any more', async () => {
    await using hub = await startTestHub()
    const folder = await tempFolder()
    const id = await killedInItsChecks(hub, folder)
    await rm(join(hub.folder, 'artifacts', 'blobs'), { recursive: true })

    await using second = await startTestWorker(hub)

    const job = await untilEnded(hub, id)
    expect(job).toMatchObject({ reason: 'objects-ready', attempt: 2, detail: '2 files, 12 B' })
    expect(await runs(folder)).toBe(2)
    expect(await notesOf(hub, id)).toContain('work-not-found')
    expect(await artifact(hub, job, 'outputs/model')).toBe('model\n')
    await expect.poll(() => second.worker.running).toBe(0)
  })
})

describeNeeding(['patience'], 'a generation whose worker is killed', () => {
  it('is handed in as far as it got at the next start, and made again', async () => {
    await using hub = await startTestHub()
    const [folder, data] = [await tempFolder(), await tempFolder()]
    const worker = await startWorkerProcess(hub, data)
    const { id } = await submitGenerate(hub, {
      script: `echo ran >> ${folder}/runs; echo half > half; ${hangsOnce(folder)}; echo all > all`,
    })
    await untilExists(join(folder, 'begun'))
    await killHard(worker)
    await loseWorker(hub)

    await using again = await startTestWorker(hub, { folder: data })

    expect(await untilEnded(hub, id)).toMatchObject({ reason: 'objects-ready', attempt: 2 })
    expect(await runs(folder)).toBe(2)
    await expect.poll(() => artifactNames(hub, id)).toContain('salvage.partial/half')
    expect(await artifactNames(hub, id)).toContain('outputs/all')
    await expect.poll(() => again.worker.running).toBe(0)
  })
})
