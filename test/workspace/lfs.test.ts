import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { publishBranch } from '../../src/publish/branch.ts'
import type { GitSettings } from '../../src/workspace/git.ts'
import { lfsObjectFile } from '../../src/workspace/lfs.ts'
import { takeTree } from '../../src/workspace/take-tree.ts'
import { aBranchRequest } from '../support/branch-request.ts'
import { startGitServer } from '../support/git-server.ts'
import { lfsId, pointerTo } from '../support/lfs-store.ts'
import { describeNeeding } from '../support/needs.ts'
import {
  aWorkspace,
  byHand,
  commitAndPush,
  gitSettings,
  keptByAttempt,
  keptByJob,
  makeRemote,
  patient,
  shell,
} from '../support/repository.ts'
import { PASSWORD } from '../support/serve-git.ts'
import { tempFolder } from '../support/temp-folder.ts'

const CONTENT = 'the picture\n'.repeat(500)

const DOWNLOAD = 'GET /remote.git/info/lfs/objects/'

/** Settings that log in as this user. */
const as = (user: string, password = PASSWORD): Partial<GitSettings> => ({
  credentialFor: async () => ({ kind: 'basic', source: 'a test', user, password }),
})

/** A server with a repository that keeps pictures in Git LFS, and settings with a valid login. */
async function aGallery(options: { login?: boolean } = { login: true }) {
  const folder = await tempFolder()
  const { remote, clone } = await makeRemote(folder, {
    '.gitattributes': '*.png filter=lfs diff=lfs merge=lfs -text\n',
    'a.png': pointerTo(CONTENT),
    'b.txt': 'b\n',
  })
  const server = await startGitServer(folder, options)
  server.lfs.set(lfsId(CONTENT), Buffer.from(CONTENT))
  const repository = `${server.url}/remote.git`
  const settings = gitSettings(folder, options.login === true ? as('writer') : {})
  const odd = join(folder, 'an odd "place" #1')
  await mkdir(odd)
  const prepare = (change: Partial<GitSettings> = {}) =>
    aWorkspace(odd, {
      repository,
      checkout: { lfs: true },
      settings: { ...settings, ...change },
    })
  return { folder, remote, clone, server, repository, settings, prepare }
}

/** A server that counts its requests. */
async function startVisited(): Promise<{ port: number; visits: () => number }> {
  let count = 0
  const server = createServer((socket) => {
    count += 1
    socket.on('error', () => {}).destroy()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void server.close())
  const address = server.address()
  return { port: typeof address === 'object' ? (address?.port ?? 0) : 0, visits: () => count }
}

describeNeeding(['git-lfs', 'patience'], 'files in Git LFS', () => {
  it('are there with their contents and a clean status, and are fetched once', async () => {
    const { prepare, server } = await aGallery()
    for (const _ of ['cold', 'warm']) {
      const { tree, notes } = await prepare()
      expect(await readFile(join(tree, 'a.png'), 'utf8')).toBe(CONTENT)
      expect(await byHand(tree, 'status', '--porcelain')).toBe('')
      expect(notes).toEqual([])
    }
    expect(server.requests.filter((request) => request.startsWith(DOWNLOAD))).toHaveLength(1)
  })

  it('stay pointers in the change when nobody touched them, or only their times', async () => {
    const { prepare } = await aGallery()
    const workspace = await prepare()
    await shell(workspace.tree, 'touch a.png; echo c > c.txt')
    const change = await takeTree(workspace, patient())
    expect(change).toMatchObject({ files: 1, lfsObjects: [], notes: [] })
  })

  it('that changed are pushed to where their contents belong, before the branch', async () => {
    const { prepare, server, remote, settings } = await aGallery()
    const workspace = await prepare()
    await shell(workspace.tree, 'printf new > a.png; printf another > c.png; cp b.txt d.txt')
    const change = await takeTree(workspace, patient())
    expect(change.notes.map(({ code }) => code)).toEqual(['lfs-changed'])
    const request = aBranchRequest({ workspace, change })
    const { revision: commit } = await publishBranch(request, settings, patient())
    expect(await byHand(remote, 'show', `${commit}:a.png`)).toBe(pointerTo('new').trim())
    expect(server.lfs.get(lfsId('new'))?.toString()).toBe('new')
    expect(server.lfs.get(lfsId('another'))?.toString()).toBe('another')
    expect(server.lfs.size).toBe(3)
  })

  it('are found and pushed in few calls, however many changed', async () => {
    const { folder, prepare, server, settings } = await aGallery()
    const calls = join(folder, 'calls')
    await shell(
      folder,
      `mkdir bin; printf '#!/bin/sh\necho "$1 $2 $#" >> ${calls}\nexec %s "$@"\n' "$(command -v git)" > bin/git; chmod +x bin/git`,
    )
    const counted = { ...settings, path: `${folder}/bin:${settings.path}` }
    const workspace = await prepare(counted)
    await shell(workspace.tree, 'for i in $(seq 500); do echo $i > $i.png; echo $i > $i.txt; done')
    await writeFile(calls, '')
    const change = await takeTree(workspace, patient())
    expect(change.lfsObjects).toHaveLength(500)
    await publishBranch(aBranchRequest({ workspace, change }), counted, patient())
    expect(server.lfs.size).toBe(501)
    const made = (await readFile(calls, 'utf8')).trim().split('\n')
    expect(made.length).toBeLessThan(30)
    // The kernel's argument limit is about 30,000 ids.
    expect(made.every((call) => Number(call.split(' ').at(-1)) < 410)).toBe(true)
  })

  it('come back with the change, for the next attempt and for a follow-up, as few as it needs', async () => {
    const { prepare, folder, repository, settings } = await aGallery()
    const first = await prepare()
    await shell(first.tree, 'printf new > a.png; printf gone > b.png')
    const early = await takeTree(first, patient())
    await shell(first.tree, 'rm b.png')
    const change = await takeTree(first, patient())
    const request = { repository, checkout: { lfs: true }, settings }
    const gone = early.artifacts.filter(({ name }) => name === `lfs-${lfsId('gone')}`)
    expect(gone).toHaveLength(1)
    for (const continues of [keptByAttempt(change), keptByJob(...change.artifacts, ...gone)]) {
      const next = await aWorkspace(folder, { ...request, continues })
      expect(await readFile(join(next.tree, 'a.png'), 'utf8')).toBe('new')
      expect((await takeTree(next, patient())).tree).toBe(change.tree)
      expect(existsSync(lfsObjectFile(next.gitDir, lfsId('gone')))).toBe(false)
    }
  })

  it('are not kept, and neither is the record of the change, when there are more than 100', async () => {
    const { prepare } = await aGallery()
    const workspace = await prepare()
    await shell(workspace.tree, 'for i in $(seq 100); do echo $i > $i.png; done')
    expect((await takeTree(workspace, patient())).artifacts).toHaveLength(101)
    await shell(workspace.tree, 'echo more > more.png')
    const change = await takeTree(workspace, patient())
    expect(change).toMatchObject({ artifacts: [{ name: 'change.patch' }], record: null })
    expect(change.notes.map(({ code }) => code)).toEqual(['lfs-changed', 'work-not-kept'])
  })

  it('cannot be read or written without permission', async () => {
    const { prepare, settings } = await aGallery()
    const workspace = await prepare()
    await shell(workspace.tree, 'printf new > a.png')
    const change = await takeTree(workspace, patient())
    const refused = publishBranch(
      aBranchRequest({ workspace, change }),
      { ...settings, ...as('reader') },
      patient(),
    )
    await expect(refused).rejects.toMatchObject({ reason: 'repository-forbidden' })
  })

  it('behind a login of their own are asked for with a rule of their own', async () => {
    const { clone, prepare } = await aGallery({ login: false })
    const other = await startGitServer(await tempFolder(), { login: true })
    await commitAndPush(clone, { '.lfsconfig': `[lfs]\n\turl = ${other.url}/store/info/lfs\n` })
    await expect(prepare()).rejects.toMatchObject({
      reason: 'repository-login',
      detail: expect.stringContaining('no git credential rule'),
    })
    await expect(prepare(as('reader', 'wrong'))).rejects.toMatchObject({
      reason: 'repository-login',
      detail: expect.stringContaining('the server rejected the credential from a test'),
    })
    await expect(prepare(as('stranger'))).rejects.toMatchObject({
      reason: 'repository-forbidden',
    })
  })

  it('that the server does not have are named', async () => {
    const { prepare, server } = await aGallery()
    server.lfs.clear()
    await expect(prepare()).rejects.toMatchObject({
      reason: 'lfs-object-missing',
      detail: expect.stringContaining(lfsId(CONTENT)),
    })
  })

  it.each(['http://127.0.0.1', 'ssh://git@127.0.0.1'])(
    'that an agent only points to are asked for nowhere, least of all at its own %s',
    async (where) => {
      const { folder, repository, settings } = await aGallery()
      const { port, visits } = await startVisited()
      const request = { repository, checkout: { lfs: true }, settings }
      const { tree, ...first } = await aWorkspace(folder, request)
      await writeFile(join(tree, '.lfsconfig'), `[lfs]\n\turl = ${where}:${port}/store\n`)
      await writeFile(join(tree, 'c.png'), pointerTo('nowhere'))
      const change = await takeTree({ tree, ...first }, patient())
      const continues = keptByJob(...change.artifacts)
      const next = await aWorkspace(folder, { ...request, continues })
      expect(await readFile(join(next.tree, 'c.png'), 'utf8')).toBe(pointerTo('nowhere'))
      expect(visits()).toBe(0)
    },
  )

  it('come from where .lfsconfig says, with the credential for that address', async () => {
    const { clone, server, prepare } = await aGallery({ login: false })
    const other = await startGitServer(await tempFolder(), { login: true })
    other.lfs.set(lfsId(CONTENT), Buffer.from(CONTENT))
    const url = `${other.url}/store/info/lfs`
    await commitAndPush(clone, { '.lfsconfig': `[lfs]\n\turl = ${url}\n` })
    const credentialFor: GitSettings['credentialFor'] = async (address) => {
      const login = { kind: 'basic', source: 'a test', user: 'reader', password: PASSWORD } as const
      return address === url ? login : null
    }
    server.lfs.clear()
    const { tree } = await prepare({ credentialFor })
    expect(await readFile(join(tree, 'a.png'), 'utf8')).toBe(CONTENT)
    expect(server.requests.filter((request) => request.split(' ').length > 2)).toEqual([])
  })

  it.each([
    ['a file address', 'file:///etc'],
    ['a command', 'ext::sh -c id'],
    ['an option', '--upload-pack=id'],
  ])('are not asked for at %s', async (_name, url) => {
    const { clone, prepare } = await aGallery()
    await commitAndPush(clone, { '.lfsconfig': `[lfs]\n\turl = ${url}\n` })
    await expect(prepare()).rejects.toMatchObject({ reason: 'protocol-refused' })
  })

  it('never take the login along to where a redirect points', async () => {
    const { prepare, server, settings } = await aGallery()
    const workspace = await prepare()
    const thief = await startGitServer(await tempFolder())
    await shell(workspace.tree, 'printf new > a.png')
    const change = await takeTree(workspace, patient())
    server.manner = { redirect: thief.url, only: 'lfs' }
    await publishBranch(aBranchRequest({ workspace, change }), settings, patient())
    expect(thief.requests.length).toBeGreaterThan(0)
    expect(thief.requests.filter((request) => request.split(' ').length > 2)).toEqual([])
  })

  it('of a repository on this machine’s disk are refused, with advice', async () => {
    const { folder, remote } = await aGallery()
    const local = aWorkspace(folder, { repository: remote, checkout: { lfs: true } })
    await expect(local).rejects.toMatchObject({
      reason: 'protocol-refused',
      detail: expect.stringContaining('submit the job without --lfs (checkout.lfs)'),
    })
  })

  it('let no agent name a program that handles them', async () => {
    const { folder, prepare, settings } = await aGallery()
    const workspace = await prepare()
    const canary = join(folder, 'canary')
    const keys = [
      'extension.x.clean',
      'extension.x.smudge',
      'standaloneTransferAgent',
      'customTransfer.x.path',
    ]
    const evil = keys.map((key) => `git config -f .lfsconfig lfs.${key} "touch ${canary}"`)
    const hooks = `mkdir -p .git/hooks; printf '#!/bin/sh\ntouch ${canary}\n' > .git/hooks/pre-push; chmod +x .git/hooks/pre-push`
    const other = 'git config -f .lfsconfig lfs.url http://127.0.0.1:1/x; printf new > a.png'
    await shell(workspace.tree, [...evil, hooks, other].join('\n'))
    const change = await takeTree(workspace, patient())
    expect(change.lfsObjects).toEqual([lfsId('new')])
    await publishBranch(aBranchRequest({ workspace, change }), settings, patient())
    expect(existsSync(canary)).toBe(false)
  })

  it('need the program, which is named', async () => {
    const { prepare, folder } = await aGallery()
    await shell(folder, 'mkdir bin; ln -s $(command -v git) bin/git')
    await expect(prepare({ path: join(folder, 'bin') })).rejects.toMatchObject({
      reason: 'lfs-missing',
      detail: expect.stringContaining('apt-get install git-lfs'),
    })
  })
})
