import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'
import { cliInEmptyHome } from '../support/cli.ts'
import { describeNeeding } from '../support/needs.ts'
import { byHand, makeRemote } from '../support/repository.ts'
import { startSshServer } from '../support/ssh-server.ts'

const run = promisify(execFile)

describeNeeding(['bubblewrap', 'linux', 'sshd'], 'the key that signs, and the ssh agent', () => {
  it('serve the publish step and are out of reach of the agent and of the checks', async () => {
    const cli = await cliInEmptyHome()
    const { remote } = await makeRemote(join(cli.home, 'git'))
    // A place that the sandbox does not hide by default, unless this repository is in a hidden one.
    const folder = await mkdtemp(join(import.meta.dirname, '../../node_modules/.secret-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const key = join(folder, 'key')
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', key])
    const { agent } = await startSshServer()
    const committer = ['--git-committer', 'Bot <bot@example.org>']
    const flags = [
      '--sandbox',
      'required',
      '--git-sign',
      'ssh',
      '--git-signing-key',
      key,
      ...committer,
      '--allow-local',
    ]
    await cli.startUp(flags, { env: { SSH_AUTH_SOCK: agent } })

    const steal = `cat ${key} 2>&1; SSH_AUTH_SOCK=\${SSH_AUTH_SOCK:-${agent}} ssh-add -l 2>&1; echo tried`
    const publish = ['--publish', 'branch', '--branch', 'signed', '--check', `look=${steal}`]
    const job = ['submit', '--wait', '--agent', 'command', '--repo', remote, ...publish, 'Sign it']
    const { stdout } = await cli.run([...job, '--', 'sh', '-c', `${steal}; echo x > x`])
    const id = stdout.slice(0, 12)
    const said = `${(await cli.run(['logs', id])).stdout}${(await cli.run(['logs', id, '--stream', 'checks'])).stdout}`

    expect(said.match(/tried/g)?.length).toBeGreaterThan(1)
    expect(said).not.toMatch(/PRIVATE KEY|ED25519/)
    const allowed = join(folder, 'allowed')
    await writeFile(allowed, `bot@example.org ${await readFile(`${key}.pub`, 'utf8')}`)
    const trust = ['-c', `gpg.ssh.allowedSignersFile=${allowed}`]
    expect(await byHand(remote, ...trust, 'log', '-1', '--format=%G? %cn', 'signed')).toBe('G Bot')
  })
})
