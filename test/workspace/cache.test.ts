import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { withLock } from '../../src/workspace/cache-lock.ts'
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

const cachesIn = async (folder: string): Promise<string[]> =>
  (await readdir(join(folder, 'cache'))).filter((name) => !name.endsWith('.lock'))

describe('the cache', () => {
  it('is made once for all jobs that start at the same moment', async () => {
    const folder = await tempFolder()
    await makeRemote(folder)
    const server = await startGitServer(folder)
    const repository = `${server.url}/remote.git`
    const jobs = Array.from({ length: 6 }, () => aWorkspace(folder, { repository }))
    const commits = (await Promise.all(jobs)).map(({ base }) => base.commit)
    expect(new Set(commits).size).toBe(1)
    expect(await cachesIn(folder)).toHaveLength(1)
    // Each asks what the branch is; one fetches, in two requests of protocol version 2.
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
  ])('is made anew when %s', async (_name, damage) => {
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

  it('is made anew when a checkout finds it damaged', async () => {
    const folder = await tempFolder()
    const { remote, clone, commit } = await makeRemote(folder)
    await aWorkspace(folder, { repository: remote })
    const [name = ''] = await cachesIn(folder)
    const cache = join(folder, 'cache', name)
    // Only the commit is left: it looks complete until its tree is wanted.
    await rm(join(cache, 'objects', 'pack'), { recursive: true })
    const loose = join('objects', commit.slice(0, 2))
    await cp(join(clone, '.git', loose), join(cache, loose), { recursive: true })
    const { tree } = await aWorkspace(folder, { repository: remote })
    expect(await byHand(tree, 'status', '--porcelain')).toBe('')
  })

  it('joins its packs when they have become many, and loses nothing', async () => {
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

describe('the cache’s lock', () => {
  it('lets one in at a time', async () => {
    const file = join(await tempFolder(), 'lock')
    let inside = 0
    const enter = () =>
      withLock(
        file,
        async () => {
          inside += 1
          expect(inside).toBe(1)
          await new Promise((resolve) => setImmediate(resolve))
          inside -= 1
        },
        patient(),
      )
    await Promise.all([enter(), enter(), enter(), enter()])
  })

  it('is freed by the death of its holder', async () => {
    const file = join(await tempFolder(), 'lock')
    const module = join(import.meta.dirname, '../../src/workspace/cache-lock.ts')
    const script = `import { withLock } from ${JSON.stringify(module)}
      await withLock(${JSON.stringify(file)}, () => { console.log('held'); return new Promise(() => setInterval(() => {}, 1e6)) }, new AbortController().signal)`
    const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(holder.stdout, 'data')
    const taken = withLock(file, async () => 'mine', patient())
    const early = await Promise.race([taken, new Promise((resolve) => setImmediate(resolve))])
    expect(early).toBeUndefined()
    holder.kill('SIGKILL')
    expect(await taken).toBe('mine')
  })

  it('is not waited for any longer than the attempt lives', async () => {
    const file = join(await tempFolder(), 'lock')
    const controller = new AbortController()
    await withLock(
      file,
      async () => {
        const second = withLock(file, async () => 'never', controller.signal)
        controller.abort(new Error('cancelled'))
        await expect(second).rejects.toThrow('cancelled')
      },
      patient(),
    )
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
