import { randomUUID } from 'node:crypto'
import { readlinkSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { type Cli, cliInEmptyHome } from '../support/cli.ts'
import { inSandbox } from '../support/confined.ts'
import { describeNeeding } from '../support/needs.ts'
import { makeRemote } from '../support/repository.ts'

/** The output of an agent that runs this shell script in a job. */
async function agentSays(cli: Cli, remote: string, script: string): Promise<string> {
  const job = ['submit', '--wait', '--agent', 'command', '--repo', remote, 'Look around']
  const { stdout } = await cli.run([...job, '--', 'sh', '-c', script])
  return (await cli.run(['logs', stdout.slice(0, 12)])).stdout
}

/** Searches the usual places for secrets; prints only canaries and names of token files. */
const stealing = (canary: string, data: string): string => `
  cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -ao '${canary}-[a-z]*' | sort -u
  find ${data} -maxdepth 2 -name '*token*' 2>/dev/null
  env | grep -o '^MILLWRIGHT_MODEL_TOKEN'
  echo searched`

describeNeeding(
  ['bubblewrap', 'linux', 'patience'],
  'T1: an agent that was talked into stealing',
  () => {
    it.each([
      ['finds its own door and no key, credential or token', 'required', []],
      [
        'finds them all without the sandbox, which is why that must be asked for',
        'none',
        ['-git', '-model', 'admin.token'],
      ],
    ])('%s', async (_, sandbox, found) => {
      const cli = await cliInEmptyHome()
      const { remote } = await makeRemote(join(cli.home, 'git'))
      const canary = `canary${randomUUID().slice(0, 8)}`
      const rule = ['--git-credential', 'https://git.example/=env:GIT_PASSWORD']
      await cli.startUp(['--sandbox', sandbox, '--allow-local', ...rule], {
        env: { ANTHROPIC_API_KEY: `${canary}-model`, GIT_PASSWORD: `${canary}-git` },
      })
      const said = await agentSays(cli, remote, stealing(canary, cli.data))
      expect(said).toMatch(/MILLWRIGHT_MODEL_TOKEN\nsearched\n$/)
      const secrets = ['-git', '-model', 'admin.token']
      expect(secrets.filter((secret) => said.includes(secret))).toEqual(found)
    })
  },
)

describeNeeding(
  ['bubblewrap', 'linux', 'patience'],
  'a file that holds a secret of the worker',
  () => {
    it('cannot be read by an agent, wherever it lies', async () => {
      const cli = await cliInEmptyHome()
      const { remote } = await makeRemote(join(cli.home, 'git'))
      // A place that the sandbox does not hide by default, unless this repository is in a hidden one.
      const folder = await mkdtemp(join(import.meta.dirname, '../../node_modules/.secret-'))
      onTestFinished(() => rm(folder, { recursive: true }))
      const [secret, beside] = [join(folder, 'password'), join(folder, 'beside')]
      await writeFile(secret, 'canary')
      await writeFile(beside, 'seen')
      const rule = ['--git-credential', `https://git.example/=file:${secret}`]
      await cli.startUp(['--sandbox', 'required', '--allow-local', ...rule])
      const said = await agentSays(
        cli,
        remote,
        `cat ${beside} ${secret} 2>/dev/null; echo; echo tried`,
      )
      expect(said).toMatch(/tried\n$/)
      expect(said).not.toContain('canary')
    })
  },
)

describeNeeding(
  ['bubblewrap', 'linux', 'patience'],
  'T27: an agent that plants something for the next',
  () => {
    it('leaves nothing that the next job of the same repository sees', async () => {
      const cli = await cliInEmptyHome()
      const { remote } = await makeRemote(join(cli.home, 'git'))
      await cli.startUp(['--sandbox', 'required', '--allow-local'])
      const places = '$HOME/.npmrc $HOME/.gitconfig /tmp/p /var/tmp/p /dev/shm/p ../p .git/hooks/p'
      const plant = `for p in ${places}; do mkdir -p $(dirname $p); echo planted > $p; done; cat ${places}`
      expect(await agentSays(cli, remote, plant)).toBe('planted\n'.repeat(7))
      const look = `cat ${places} 2>/dev/null; ls -A $HOME /tmp /dev/shm | grep -c '^p$'; echo looked`
      expect(await agentSays(cli, remote, look)).toBe('0\nlooked\n')
    })
  },
)

describeNeeding(['bubblewrap', 'linux', 'patience'], 'the namespaces of the sandbox', () => {
  it('are its own, but for the network, which is the machine’s', async () => {
    const names = ['user', 'pid', 'ipc', 'uts', 'mnt', 'net']
    const script = `for n in ${names.join(' ')}; do readlink /proc/self/ns/$n; done`
    const inside = (await inSandbox(script)).stdout.trim().split('\n')
    expect(inside).toHaveLength(names.length)
    const machine = names.map((name) => readlinkSync(`/proc/self/ns/${name}`))
    expect(inside.filter((name) => machine.includes(name))).toEqual([machine.at(-1)])
  })
})
