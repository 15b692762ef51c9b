import { existsSync } from 'node:fs'
import { readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { diskSpaceOf } from '../../src/platform/disk-space-of.ts'
import { withLock } from '../../src/platform/file-lock.ts'
import { collectCaches } from '../../src/workspace/collect-caches.ts'
import { removeWorkspace } from '../../src/workspace/remove.ts'
import type { Workspace } from '../../src/workspace/workspace.ts'
import { aWorkspace, makeRemote, patient } from '../support/repository.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { describeNeeding } from '../support/needs.ts'

const HOUR_MS = 3_600_000

/** Caches of two repositories: the first unused for two hours, the second for three. */
async function twoCaches() {
  const folder = await tempFolder()
  const cacheFolder = join(folder, 'cache')
  const workspaces: Workspace[] = []
  for (const name of ['one', 'other']) {
    const { remote } = await makeRemote(join(folder, name))
    workspaces.push(await aWorkspace(folder, { repository: remote }))
  }
  const caches = workspaces.map(({ objects }) => join(objects, '..'))
  const now = Date.now()
  const use = async (index: number, hoursAgo: number): Promise<void> => {
    const then = (now - hoursAgo * HOUR_MS) / 1000
    for (const path of [caches[index]!, join(caches[index]!, 'used')]) {
      await utimes(path, then, then).catch(() => {})
    }
  }
  const free = async (index: number, hoursAgo: number): Promise<void> => {
    await removeWorkspace(workspaces[index]!.folder)
    await use(index, hoursAgo)
  }
  const collect = (bytes: number) => collectCaches(cacheFolder, { bytes, now }, patient())
  const left = async () =>
    (await readdir(cacheFolder)).filter((name) => name.endsWith('.git')).length
  return { free, use, collect, left, caches }
}

describeNeeding(['patience'], 'collecting caches', () => {
  it('removes those unused for longest until the rest fits', async () => {
    const { free, collect, left, caches } = await twoCaches()
    await free(0, 2)
    await free(1, 3)
    expect(await collect(Infinity)).toEqual({ caches: 0, bytes: 0 })
    const sizes = await Promise.all(caches.map(diskSpaceOf))
    const bytes = sizes[1]
    expect(await collect(sizes[0]! + 1)).toEqual({ caches: 1, bytes })
    expect(existsSync(caches[0]!)).toBe(true)
    expect(await left()).toBe(1)
    expect((await readdir(join(caches[0]!, '..'))).join()).not.toContain('.old')
  })

  it('removes all of them when none may stay', async () => {
    const { free, collect, left } = await twoCaches()
    await free(0, 2)
    await free(1, 3)
    expect(await collect(0)).toMatchObject({ caches: 2 })
    expect(await left()).toBe(0)
  })

  it('removes one whose only pin is half of one, left by a worker that died', async () => {
    const { free, collect, left, caches } = await twoCaches()
    await writeFile(join(caches[0]!, 'refs', 'jobs', '.0b9f.tmp'), '')
    await free(0, 2)
    await free(1, 3)
    expect(await collect(0)).toMatchObject({ caches: 2 })
    expect(await left()).toBe(0)
  })

  it('keeps one that an attempt works with, however long it takes', async () => {
    const { use, collect, left } = await twoCaches()
    await use(0, 50)
    await use(1, 50)
    expect(await collect(0)).toEqual({ caches: 0, bytes: 0 })
    expect(await left()).toBe(2)
  })

  it('keeps one that was used within the hour', async () => {
    const { free, collect } = await twoCaches()
    await free(0, 0.9)
    await free(1, 1.1)
    expect(await collect(0)).toMatchObject({ caches: 1 })
  })

  it('skips one into which a job is fetching', async () => {
    const { free, collect, caches } = await twoCaches()
    await free(0, 2)
    await free(1, 3)
    await withLock(
      `${caches[1]}.lock`,
      async () => {
        expect(await collect(0)).toMatchObject({ caches: 1 })
      },
      patient(),
    )
    expect(await collect(0)).toMatchObject({ caches: 1 })
  })
})
