import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startTestHub } from '../support/hub.ts'
import { startGitServer } from '../support/git-server.ts'
import { lfsId, pointerTo } from '../support/lfs-store.ts'
import { describeNeeding } from '../support/needs.ts'
import { byHand, makeRemote } from '../support/repository.ts'
import { tempFolder } from '../support/temp-folder.ts'
import {
  artifactNames,
  sh,
  startHubAndWorker,
  loseWorker,
  startTestWorker,
  submitCommand,
  untilEnded,
  untilExists,
} from '../support/worker.ts'
import { killHard, startWorkerProcess } from '../support/worker-process.ts'

const [OLD, NEW] = ['the old picture', 'the new picture']

/** A repository that keeps pictures in its Git LFS. */
async function aGallery() {
  const folder = await tempFolder()
  const { remote } = await makeRemote(folder, {
    '.gitattributes': '*.png filter=lfs diff=lfs merge=lfs -text\n',
    'a.png': pointerTo(OLD),
  })
  const server = await startGitServer(folder)
  server.lfs.set(lfsId(OLD), Buffer.from(OLD))
  const payload = { repository: `${server.url}/remote.git`, checkout: { lfs: true } }
  return { folder, remote, server, payload }
}

const paint = (folder: string) => sh(`echo ran >> ${folder}/runs; printf '${NEW}' > a.png`)
const isPainted = `[ "$(cat a.png)" = '${NEW}' ]`

describeNeeding(['git-lfs', 'patience'], 'work that Git LFS keeps', () => {
  it('is there for the attempt after one that died, which pays for no agent', async () => {
    await using hub = await startTestHub()
    const { folder, remote, server, payload } = await aGallery()
    const begun = join(folder, 'begun')
    const hangsOnce = `${isPainted} && { [ -e ${begun} ] || { touch ${begun}; sleep 600; }; }`
    const worker = await startWorkerProcess(hub, await tempFolder())
    const { id } = await submitCommand(hub, '', {
      run: paint(folder),
      payload: {
        ...payload,
        checks: [{ name: 'painted', run: sh(hangsOnce) }],
        publish: { mode: 'branch', branch: 'work' },
      },
    })
    await untilExists(begun)
    await killHard(worker)
    await loseWorker(hub)

    await using second = await startTestWorker(hub)

    expect(await untilEnded(hub, id)).toMatchObject({ reason: 'published', attempt: 2 })
    expect(await readFile(join(folder, 'runs'), 'utf8')).toBe('ran\n')
    expect(await byHand(remote, 'show', 'work:a.png')).toBe(pointerTo(NEW).trim())
    expect(server.lfs.get(lfsId(NEW))?.toString()).toBe(NEW)
    await expect.poll(() => second.worker.running).toBe(0)
  })

  it('is there for a follow-up although it was not published', async () => {
    await using test = await startHubAndWorker()
    const { payload } = await aGallery()
    const { id } = await submitCommand(test.hub, '', {
      run: sh('head -1 | sh'),
      payload: { ...payload, prompt: `printf '${NEW}' > a.png` },
    })
    expect(await untilEnded(test.hub, id)).toMatchObject({ reason: 'patch-ready' })

    const next = await test.hub.admin.call('retryJob', {
      params: { job: id },
      body: { prompt: `${isPainted} && printf more > b.txt` },
    })
    expect(await untilEnded(test.hub, next.id)).toMatchObject({ reason: 'patch-ready' })
    expect(await artifactNames(test.hub, next.id)).toContain(`lfs-${lfsId(NEW)}`)
  })
})
