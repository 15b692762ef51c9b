import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { publishBranch } from '../../src/publish/branch.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { credentialFinder, type CredentialRule } from '../../src/workspace/credential-rules.ts'
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

/** A repository behind a real sshd, and a function that reads it with given rules and known hosts. */
async function aRepository() {
  const ssh = await startSshServer()
  const folder = await tempFolder()
  const { remote, commit } = await makeRemote(folder)
  const repository = ssh.address(remote)
  const match = new URL('/', repository)
  const worker = (
    rules: readonly CredentialRule[],
    { agent = null, known = ssh.known.right }: { agent?: string | null; known?: string } = {},
  ) => {
    const here = { env: process.env, cwd: '/', clock: systemClock, timeoutMs: 20_000 }
    const credentialFor = credentialFinder(rules, { ...here, sshAuthSock: agent })
    return gitSettings(folder, { knownHosts: known, credentialFor })
  }
  const read = (...args: Parameters<typeof worker>) =>
    aWorkspace(folder, { repository, settings: worker(...args) })
  return { ssh, remote, commit, match, worker, read }
}

describeNeeding(['sshd', 'patience'], 'a repository over a real ssh', () => {
  it('is read and pushed to with the key in the agent, named or not', async () => {
    const { ssh, remote, commit, match, worker, read } = await aRepository()
    const { agent } = ssh
    expect((await read([], { agent })).base.commit).toBe(commit)
    const workspace = await read([{ match, from: 'ssh-agent' }], { agent })
    await shell(workspace.tree, 'echo done > done.txt')
    const change = await takeTree(workspace, patient())
    const request = aBranchRequest({ workspace, change })
    const publication = await publishBranch(request, worker([], { agent }), patient())
    expect(await byHand(remote, 'rev-parse', request.branch)).toBe(publication.revision)
  })

  it('is read with the key in a file, and with no other that lies about', async () => {
    const { ssh, commit, match, read } = await aRepository()
    expect((await read([{ match, from: 'file', path: ssh.key }])).base.commit).toBe(commit)
    // The agent holds the right key, but the rule names another.
    const path = join(await tempFolder(), 'key')
    await writeFile(path, 'no key')
    await chmod(path, 0o600)
    const { agent } = ssh
    await expect(read([{ match, from: 'file', path }], { agent })).rejects.toMatchObject({
      reason: 'repository-login',
      detail: expect.stringContaining(`the server rejected the credential from the key ${path}`),
    })
  })

  it('is not read without a credential, and says how to give one', async () => {
    const { read } = await aRepository()
    await expect(read([])).rejects.toMatchObject({
      reason: 'repository-login',
      detail: expect.stringMatching(
        /no git credential rule .* add a credential rule with a private key file to the worker, or/,
      ),
    })
  })

  it('is read from no host whose key is unknown or another, and says which file knows', async () => {
    const { ssh, read } = await aRepository()
    const from = (known: string) => read([], { agent: ssh.agent, known })
    await expect(from(ssh.known.none)).rejects.toMatchObject({
      reason: 'host-key-unknown',
      detail: expect.stringContaining(`not in ${ssh.known.none}; get the key with ssh-keyscan`),
    })
    await expect(from(ssh.known.other)).rejects.toMatchObject({
      reason: 'host-key-changed',
      detail: expect.stringContaining(
        `differs from the one in ${ssh.known.other}; replace the key in that file only after the host’s owner confirms`,
      ),
    })
  })

  it('says that the agent holds no key, or does not run', async () => {
    const { read } = await aRepository()
    const folder = await tempFolder()
    const agent = join(folder, 'agent')
    const process = spawn('ssh-agent', ['-D', '-a', agent], { stdio: ['ignore', 'pipe', 'ignore'] })
    onTestFinished(() => void process.kill())
    await once(process.stdout, 'data')
    await expect(read([], { agent })).rejects.toMatchObject({
      reason: 'credential-missing',
      detail: expect.stringContaining('holds no key; add one with ssh-add'),
    })
    await expect(read([], { agent: join(folder, 'none') })).rejects.toMatchObject({
      reason: 'credential-missing',
      detail: expect.stringContaining('does not respond'),
    })
  })
})
