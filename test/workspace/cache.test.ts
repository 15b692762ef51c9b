import { randomBytes } from 'node:crypto'
import { cp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { takeTree } from '../../src/workspace/take-tree.ts'
import { startGitServer } from '../support/git-server.ts'
import {
  aWorkspace,
  byHand,
  commitAndPush,
  gitSettings,
  makeRemote,
  patient,
  shell,
} from '../support/repository.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { describeNeeding } from '../support/needs.ts'

const cachesIn = async (folder: string): Promise<string[]> =>
  (await readdir(join(folder, 'cache'))).filter((name) => !name.endsWith('.lock'))

/** A running job on a commit that the remote has dropped, and the cache it reads. */
async function aRunningJob() {
  const folder = await tempFolder()
  const { remote, clone } = await makeRemote(folder)
  const running = await aWorkspace(folder, { repository: remote })
  await shell(running.tree, 'echo work >> README.md')
  const noise = randomBytes(20_000).toString('base64')
  await writeFile(join(clone, 'noise.txt'), noise)
  await shell(clone, 'git add .; git commit -q --amend -m another; git push -qf origin main')
  await shell(remote, 'git reflog expire --expire=now --all; git gc -q --prune=now')
  const cache = dirname(running.objects)
  const inode = async () => (await stat(cache)).ino
  return { folder, remote, clone, running, cache, inode }
}

describeNeeding(['patience'], 'the cache', () => {
  it('is made once for all jobs that start at the same moment', async () => {
    const folder = await tempFolder()
    await makeRemote(folder)
    const server = await startGitServer(folder)
    const repository = `${server.url}/remote.git`
    const jobs = Array.from({ length: 6 }, () => aWorkspace(folder, { repository }))
    const commits = (await Promise.all(jobs)).map(({ base }) => base.commit)
    expect(new Set(commits).size).toBe(1)
    expect(await cachesIn(folder)).toHaveLength(1)
    // Each job resolves the branch; one job fetches, in two requests of protocol version 2.
    const posts = server.requests.filter((request) => request.startsWith('POST'))
    expect(posts).toHaveLength(6 + 2)
  })

  it('is asked for nothing it has, and fetched into when it lacks the commit', async () => {
    const folder = await tempFolder()
    const { clone } = await makeRemote(folder)
    const server = await startGitServer(folder)
    const repository = `${server.url}/remote.git`
    await aWorkspace(folder, { repository })
    server.requests.length = 0
    await aWorkspace(folder, { repository })
    expect(server.requests).toHaveLength(2)
    const commit = await commitAndPush(clone, { 'new.txt': 'x\n' })
    expect((await aWorkspace(folder, { repository })).base.commit).toBe(commit)
  })

  it('finds a commit that no branch leads to any more', async () => {
    const folder = await tempFolder()
    const { remote, clone, commit } = await makeRemote(folder)
    await byHand(clone, 'commit', '-q', '--amend', '-m', 'another')
    await byHand(clone, 'push', '-q', '--force', 'origin', 'main')
    await byHand(remote, 'config', 'uploadpack.allowAnySHA1InWant', 'true')
    expect((await aWorkspace(folder, { repository: remote, ref: commit })).base.commit).toBe(commit)
  })

  it('never uses what a killed fetch left half made', async () => {
    const folder = await tempFolder()
    const { remote, commit } = await makeRemote(folder)
    await aWorkspace(folder, { repository: remote })
    const [name = ''] = await cachesIn(folder)
    await rm(join(folder, 'cache', name), { recursive: true })
    await byHand(join(folder, 'cache'), 'init', '-q', '--bare', `${name}.half.new`)
    expect((await aWorkspace(folder, { repository: remote })).base.commit).toBe(commit)
    expect(await cachesIn(folder)).toEqual([name])
  })

  it.each([
    [
      'its packs are gone',
      (cache: string) => rm(join(cache, 'objects', 'pack'), { recursive: true }),
    ],
    [
      'its packs are cut short',
      async (cache: string) => {
        const packs = join(cache, 'objects', 'pack')
        for (const name of await readdir(packs)) {
          await rm(join(packs, name))
          await writeFile(join(packs, name), 'PACK')
        }
      },
    ],
    ['a ref is rubbish', (cache: string) => writeFile(join(cache, 'refs/heads/main'), 'rubbish\n')],
    ['its HEAD is gone', (cache: string) => rm(join(cache, 'HEAD'))],
  ])('is repaired when %s', async (_name, damage) => {
    const folder = await tempFolder()
    const { remote, clone } = await makeRemote(folder, { 'big.txt': 'x\n'.repeat(1000) })
    await aWorkspace(folder, { repository: remote })
    const [name = ''] = await cachesIn(folder)
    await damage(join(folder, 'cache', name))
    const commit = await commitAndPush(clone, { 'new.txt': 'x\n' })
    const { base, tree } = await aWorkspace(folder, { repository: remote })
    expect(base.commit).toBe(commit)
    expect(await byHand(tree, 'status', '--porcelain')).toBe('')
    expect(await cachesIn(folder)).toEqual([name])
  })

  it('is repaired when a checkout finds it damaged', async () => {
    const folder = await tempFolder()
    const { remote, clone, commit } = await makeRemote(folder)
    await aWorkspace(folder, { repository: remote })
    const [name = ''] = await cachesIn(folder)
    const cache = join(folder, 'cache', name)
    // Only the commit object remains, so the damage shows only when its tree is read.
    await rm(join(cache, 'objects', 'pack'), { recursive: true })
    const loose = join('objects', commit.slice(0, 2))
    await cp(join(clone, '.git', loose), join(cache, loose), { recursive: true })
    const { tree } = await aWorkspace(folder, { repository: remote })
    expect(await byHand(tree, 'status', '--porcelain')).toBe('')
  })

  it('is left as it is when a ref is not a commit, which is reported', async () => {
    const { folder, remote, clone, running, inode } = await aRunningJob()
    await byHand(clone, 'tag', 'key', 'HEAD:README.md')
    await byHand(clone, 'tag', '-a', '-m', 'x', 'signed', 'HEAD:README.md')
    await byHand(clone, 'push', '-q', 'origin', 'key', 'signed')
    const before = await inode()
    for (const ref of ['key', 'signed', await byHand(clone, 'rev-parse', 'key')]) {
      await expect(aWorkspace(folder, { repository: remote, ref })).rejects.toMatchObject({
        reason: 'ref-not-found',
        detail: expect.stringMatching(
          /has an object [0-9a-f]{40}, but it is a blob, not a commit$/,
        ),
      })
    }
    expect(await inode()).toBe(before)
    expect((await takeTree(running, patient())).files).toBe(1)
  })

  it('is left as it is when a commit cannot be checked out for another reason', async () => {
    const { folder, remote, clone, running, inode } = await aRunningJob()
    await byHand(clone, 'checkout', '-q', '-b', 'long')
    const blob = await byHand(clone, 'rev-parse', 'HEAD:README.md')
    const long = `100644,${blob},${'x'.repeat(300)}`
    await byHand(clone, 'update-index', '--add', '--cacheinfo', long)
    await byHand(clone, 'commit', '-q', '-m', 'long')
    await byHand(clone, 'push', '-q', 'origin', 'long')
    await aWorkspace(folder, { repository: remote })
    const before = await inode()
    await expect(aWorkspace(folder, { repository: remote, ref: 'long' })).rejects.toMatchObject({
      reason: 'workspace-failed',
      detail: expect.stringContaining('File name too long'),
    })
    expect(await inode()).toBe(before)
    expect((await takeTree(running, patient())).files).toBe(1)
  })

  it.each([
    ['a pack is gone', (pack: string) => rm(pack)],
    [
      'a content has rotted',
      async (pack: string) => {
        const bytes = await readFile(pack)
        bytes[bytes.length >> 1]! ^= 0xff
        await rm(pack)
        await writeFile(pack, bytes)
      },
    ],
  ])('is repaired beneath the jobs that work with it when %s', async (_name, damage) => {
    const { folder, remote, cache, running } = await aRunningJob()
    const packs = async () => {
      const names = await readdir(join(cache, 'objects', 'pack'))
      return names.filter((name) => name.endsWith('.pack'))
    }
    const before = await packs()
    await aWorkspace(folder, { repository: remote })
    const [fresh = ''] = (await packs()).filter((name) => !before.includes(name))
    await damage(join(cache, 'objects', 'pack', fresh))
    const [one, other] = await Promise.all([
      aWorkspace(folder, { repository: remote }),
      aWorkspace(folder, { repository: remote }),
    ])
    for (const { tree } of [one, other]) {
      expect(await byHand(tree, 'status', '--porcelain')).toBe('')
    }
    // Only the damaged cache has its base.
    expect((await takeTree(running, patient())).files).toBe(1)
    expect((await readdir(join(cache, '..'))).filter((name) => name.includes('.git.'))).toEqual([
      `${basename(cache)}.lock`,
    ])
  })

  it('combines its packs when they are many, and loses nothing', async () => {
    const folder = await tempFolder()
    const { remote, clone } = await makeRemote(folder)
    await aWorkspace(folder, { repository: remote })
    const [name = ''] = await cachesIn(folder)
    const cache = join(folder, 'cache', name)
    const script =
      'for i in $(seq 60); do echo $i | git hash-object -w --stdin | tee -a names | git pack-objects -q objects/pack/pack; done; git prune-packed'
    await shell(cache, script)
    await commitAndPush(clone, { 'new.txt': 'x\n' })
    const { tree } = await aWorkspace(folder, { repository: remote })
    const packs = (await readdir(join(cache, 'objects', 'pack'))).filter((file) =>
      file.endsWith('.pack'),
    )
    expect(packs.length).toBeLessThan(10)
    await shell(cache, 'for name in $(cat names); do git cat-file -e $name; done')
    expect(await byHand(tree, 'status', '--porcelain')).toBe('')
  })

  it('is apart for each address', async () => {
    const folder = await tempFolder()
    const { remote } = await makeRemote(folder)
    await aWorkspace(folder, { repository: remote })
    await aWorkspace(folder, { repository: `file://${remote}` })
    expect(await cachesIn(folder)).toHaveLength(2)
  })
})

describe('cache settings', () => {
  it('make every job ask the remote itself', async () => {
    const folder = await tempFolder()
    const { remote } = await makeRemote(folder)
    await aWorkspace(folder, { repository: remote })
    await rm(remote, { recursive: true })
    const settings = gitSettings(folder)
    await expect(aWorkspace(folder, { repository: remote, settings })).rejects.toMatchObject({
      reason: 'repository-not-found',
    })
  })
})
