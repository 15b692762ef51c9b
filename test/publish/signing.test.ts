import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'
import { publishBranch } from '../../src/publish/branch.ts'
import type { Signing } from '../../src/publish/commit.ts'
import { takeTree } from '../../src/workspace/take-tree.ts'
import { aBranchRequest } from '../support/branch-request.ts'
import { describeNeeding } from '../support/needs.ts'
import {
  aWorkspace,
  byHand,
  gitSettings,
  makeRemote,
  patient,
  shell,
} from '../support/repository.ts'
import { startSshServer } from '../support/ssh-server.ts'
import { tempFolder } from '../support/temp-folder.ts'

const run = promisify(execFile)
const COMMITTER = { name: 'Worker', email: 'worker@example.org' }

/** Publishes a change with this signature; returns its remote and commit. */
async function publishSigned(signing: Signing) {
  const folder = await tempFolder()
  const { remote } = await makeRemote(folder)
  const settings = gitSettings(folder)
  const workspace = await aWorkspace(folder, { repository: remote })
  await shell(workspace.tree, 'echo done > done.txt')
  const change = await takeTree(workspace, patient())
  const signature = { committer: COMMITTER, signing }
  const request = aBranchRequest({ workspace, change, signature })
  const { revision: commit } = await publishBranch(request, settings, patient())
  return { folder, remote, commit }
}

/** Makes an ssh key. */
async function anSshKey(passphrase = ''): Promise<{ key: string; public: string }> {
  const key = join(await tempFolder(), 'key')
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-C', 'test', '-f', key])
  return { key, public: await readFile(`${key}.pub`, 'utf8') }
}

/** Git's verdict on the commit's signature when it knows only this key of the committer. */
async function verify(remote: string, commit: string, publicKey: string): Promise<string> {
  const allowed = join(await tempFolder(), 'allowed')
  await writeFile(allowed, `${COMMITTER.email} ${publicKey}`)
  const settings = ['gpg.format=ssh', `gpg.ssh.allowedSignersFile=${allowed}`]
  const options = settings.flatMap((setting) => ['-c', setting])
  const { stderr } = await run('git', ['-C', remote, ...options, 'verify-commit', commit])
  return stderr
}

describeNeeding(['ssh'], 'a commit signed with an ssh key', () => {
  it('is verified by git against the key and its owner, and by no other', async () => {
    const { key, public: publicKey } = await anSshKey()
    const { remote, commit } = await publishSigned({ format: 'ssh', key, agent: null })
    expect(await verify(remote, commit, publicKey)).toContain('Good "git" signature')
    await expect(verify(remote, commit, (await anSshKey()).public)).rejects.toThrow(/No principal/)
    expect(await byHand(remote, 'log', '-1', '--format=%cn <%ce> %an', commit)).toBe(
      'Worker <worker@example.org> Worker',
    )
  })

  it.each([
    ['does not exist', async () => '/nonexistent/key'],
    ['needs a passphrase', async () => (await anSshKey('a passphrase')).key],
  ])('is not made when the key %s, and says what to fix', async (_name, keyFile) => {
    const key = await keyFile()
    const refused = publishSigned({ format: 'ssh', key, agent: null })
    await expect(refused).rejects.toMatchObject({ reason: 'signing-failed' })
    await expect(refused).rejects.toThrow(key)
  })
})

describeNeeding(['sshd'], 'a commit signed through an ssh agent', () => {
  it('is verified by git', async () => {
    const { agent } = await startSshServer()
    const { stdout: publicKey } = await run('ssh-add', ['-L'], { env: { SSH_AUTH_SOCK: agent } })
    const key = join(await tempFolder(), 'key.pub')
    await writeFile(key, publicKey)
    const { remote, commit } = await publishSigned({ format: 'ssh', key, agent })
    expect(await verify(remote, commit, publicKey)).toContain('Good "git" signature')
  })
})

describeNeeding(['gpg'], 'a commit signed with GnuPG', () => {
  it('is verified by git with the public key alone', async () => {
    const home = await aGpgHome()
    const { commit, remote } = await publishSigned({ format: 'gpg', key: COMMITTER.email, home })
    const other = await gpgHome()
    await gpg(home, '--export', '--output', join(other, 'public'), COMMITTER.email)
    await gpg(other, '--import', join(other, 'public'))
    const env = { PATH: process.env['PATH'] ?? '', GNUPGHOME: other }
    const verified = run('git', ['-C', remote, 'verify-commit', '--raw', commit], { env })
    expect((await verified).stderr).toContain('VALIDSIG')
  })

  it('is not made without the key, and says what to fix', async () => {
    const home = await gpgHome()
    const refused = publishSigned({ format: 'gpg', key: 'nobody@example.org', home })
    await expect(refused).rejects.toMatchObject({ reason: 'signing-failed' })
    await expect(refused).rejects.toThrow(/nobody@example\.org/)
  })
})

async function gpgHome(): Promise<string> {
  const home = join(await tempFolder(), 'gpg')
  await mkdir(home, { mode: 0o700 })
  onTestFinished(() => void run('gpgconf', ['--homedir', home, '--kill', 'all']))
  return home
}

async function aGpgHome(): Promise<string> {
  const home = await gpgHome()
  const person = `${COMMITTER.name} <${COMMITTER.email}>`
  await gpg(home, '--passphrase', '', '--quick-generate-key', person, 'ed25519', 'sign')
  return home
}

const gpg = (home: string, ...args: readonly string[]) =>
  run('gpg', ['--homedir', home, '--batch', '--quiet', ...args])
