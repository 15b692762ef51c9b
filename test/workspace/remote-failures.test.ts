import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Credential } from '../../src/workspace/credential.ts'
import type { GitSettings } from '../../src/workspace/git.ts'
import { startGitServer } from '../support/git-server.ts'
import { aWorkspace, byHand, gitSettings, makeRemote, shell } from '../support/repository.ts'
import { PASSWORD } from '../support/serve-git.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { describeNeeding } from '../support/needs.ts'

const as =
  (user: string, password = PASSWORD) =>
  async (): Promise<Credential> => ({
    kind: 'basic',
    source: 'a test',
    user,
    password,
  })

/** A server with one repository, and a function that prepares a workspace from it. */
async function aServer(options: { login?: boolean } = {}) {
  const folder = await tempFolder()
  await makeRemote(folder)
  const server = await startGitServer(folder, options)
  const prepare = (change: Partial<GitSettings> = {}, url = `${server.url}/remote.git`) =>
    aWorkspace(folder, { repository: url, settings: gitSettings(folder, change) })
  return { folder, server, prepare }
}

describeNeeding(['patience'], 'a repository over HTTP', () => {
  it('is read with the credential for its address, warm or cold', async () => {
    const { prepare, server } = await aServer({ login: true })
    await prepare({ credentialFor: as('reader') })
    await prepare({ credentialFor: as('reader') })
    expect(server.requests.every((request) => request.split(' ').length > 2)).toBe(true)
  })

  it('refuses a job without access, even when the cache is warm', async () => {
    const { prepare } = await aServer({ login: true })
    await prepare({ credentialFor: as('reader') })
    await expect(prepare()).rejects.toMatchObject({
      reason: 'repository-login',
      detail: expect.stringMatching(
        /no git credential rule .* add a credential rule to the worker, such as --git-credential http:/,
      ),
    })
    await expect(prepare({ credentialFor: as('reader', 'wrong') })).rejects.toMatchObject({
      reason: 'repository-login',
      detail: expect.stringContaining(
        'the server rejected the credential from a test; replace it there',
      ),
    })
    await expect(prepare({ credentialFor: as('stranger') })).rejects.toMatchObject({
      reason: 'repository-forbidden',
      detail: expect.stringContaining(
        'the credential from a test lacks permission; grant it access',
      ),
    })
  })

  it('says which address does not exist', async () => {
    const { prepare, server } = await aServer()
    const absent = prepare({}, `${server.url}/absent.git`)
    await expect(absent).rejects.toMatchObject({ reason: 'repository-not-found' })
    await expect(absent).rejects.toThrow(/absent\.git/)
  })

  it('reports an unreachable host, a broken connection and a timeout', async () => {
    const { prepare, server } = await aServer()
    server.manner = 'die'
    await expect(prepare()).rejects.toMatchObject({ reason: 'repository-unreachable' })
    server.manner = 'hang'
    const late = prepare({ timeoutMs: 500 })
    await expect(late).rejects.toMatchObject({ reason: 'repository-unreachable' })
    await expect(late).rejects.toThrow(/in time/)
    await server.close()
    await expect(prepare()).rejects.toMatchObject({ reason: 'repository-unreachable' })
  })

  it('names the ref that does not exist', async () => {
    const { folder, server } = await aServer()
    const prepare = (ref: string) =>
      aWorkspace(folder, { repository: `${server.url}/remote.git`, ref })
    for (const ref of ['nothing', 'f'.repeat(40), '--upload-pack=x']) {
      const missing = prepare(ref)
      await expect(missing).rejects.toMatchObject({ reason: 'ref-not-found' })
      await expect(missing).rejects.toThrow(ref)
    }
  })

  it('says that an empty repository has nothing to check out', async () => {
    const { folder, prepare, server } = await aServer()
    await byHand(folder, 'init', '-q', '--bare', 'empty.git')
    const empty = prepare({}, `${server.url}/empty.git`)
    await expect(empty).rejects.toMatchObject({ reason: 'ref-not-found' })
    await expect(empty).rejects.toThrow(/may be empty/)
  })

  it('never carries a login to where a redirect points', async () => {
    const { prepare, server } = await aServer()
    const thief = await startGitServer(await tempFolder())
    server.manner = { redirect: thief.url }
    const redirected = prepare({ credentialFor: as('reader') })
    await expect(redirected).rejects.toMatchObject({ reason: 'repository-not-found' })
    expect(thief.requests).toEqual([])
  })

  it('is stopped at once when the attempt is', async () => {
    const { folder, server } = await aServer()
    server.manner = 'hang'
    const controller = new AbortController()
    const repository = `${server.url}/remote.git`
    const running = aWorkspace(folder, { repository }, controller.signal)
    await expect.poll(() => server.requests.length).toBe(1)
    controller.abort(new Error('cancelled'))
    await expect(running).rejects.toThrow('cancelled')
  })
})

describe('a repository elsewhere', () => {
  it('is refused when the worker allows no local paths', async () => {
    const folder = await tempFolder()
    const { remote } = await makeRemote(folder)
    const settings = gitSettings(folder, { allow: { file: false, http: true, ssh: true } })
    const refused = aWorkspace(folder, { repository: remote, settings })
    await expect(refused).rejects.toMatchObject({ reason: 'protocol-refused' })
  })

  it('is not found when the path holds none', async () => {
    const folder = await tempFolder()
    await mkdir(join(folder, 'nothing'))
    const absent = aWorkspace(folder, { repository: join(folder, 'nothing') })
    await expect(absent).rejects.toMatchObject({ reason: 'repository-not-found' })
  })
})

/** A fake ssh that records its arguments and fails as the real one would. */
async function anSsh(words: string) {
  const folder = await tempFolder()
  await shell(
    folder,
    `mkdir bin; printf '#!/bin/sh\\nprintf "%%s\\\\n" "$@" > ${folder}/arguments\\necho "${words}" >&2\\nexit 255\\n' > bin/ssh; chmod +x bin/ssh`,
  )
  const settings = gitSettings(folder, {
    path: `${folder}/bin:${process.env['PATH'] ?? ''}`,
    knownHosts: "/it's here/known_hosts",
  })
  const running = aWorkspace(folder, { repository: 'git@example.org:a/b.git', settings })
  return { running, argumentsFile: join(folder, 'arguments') }
}

describe('a repository over ssh', () => {
  it('goes to no host whose key is not known, and asks nobody', async () => {
    const { running, argumentsFile } = await anSsh('Host key verification failed.')
    await expect(running).rejects.toMatchObject({ reason: 'host-key-unknown' })
    const given = (await readFile(argumentsFile, 'utf8')).split('\n')
    expect(given).toEqual(
      expect.arrayContaining([
        '/dev/null',
        'BatchMode=yes',
        'StrictHostKeyChecking=yes',
        `UserKnownHostsFile="/it's here/known_hosts"`,
        'git@example.org',
      ]),
    )
  })

  it('says that the key was refused', async () => {
    const { running } = await anSsh('git@example.org: Permission denied (publickey).')
    await expect(running).rejects.toMatchObject({ reason: 'repository-login' })
  })
})
