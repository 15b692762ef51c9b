import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { type Cli, cliInEmptyHome, hubAddress, type RunningCli } from '../support/cli.ts'
import { freePort } from '../support/free-port.ts'
import { describeNeeding } from '../support/needs.ts'
import { startNginx } from '../support/nginx.ts'
import { makeRemote } from '../support/repository.ts'
import { tempFolder } from '../support/temp-folder.ts'

const run = promisify(execFile)
const TEAM = join(import.meta.dirname, '../../examples/team')

/** The words of a service's command, without the program. */
async function commandOf(service: string): Promise<readonly string[]> {
  const text = await readFile(join(TEAM, service), 'utf8')
  const [, line = ''] = /^ExecStart=\/usr\/local\/bin\/millwright (.*)$/m.exec(text) ?? []
  return line.split(' ')
}

/** Starts a service's command with these settings, in the places of this machine. */
async function startService(cli: Cli, service: string, settings: string): Promise<RunningCli> {
  const config = join(cli.home, `${service}.yaml`)
  await writeFile(config, settings)
  const words = (await commandOf(service)).map((word) =>
    word
      .replace('/etc/millwright/config.yaml', config)
      .replace('/var/lib/millwright/data', join(cli.home, 'data')),
  )
  return cli.start(words)
}

describeNeeding(['patience', 'linux', 'nginx'], 'a team set up as docs/team.md says', () => {
  it('runs hub and worker with the commands of the service files', async () => {
    const cli = await cliInEmptyHome()
    const { remote } = await makeRemote(join(cli.home, 'repository'))
    const hub = await startService(cli, 'millwright-hub.service', 'port: 0\n')
    await hub.printed(/hub on http/)
    const settings = 'sandbox: none\nallowLocal: true\n'
    const worker = await startService(cli, 'millwright-worker.service', settings)
    await worker.printed(/ worker · data/)
    const asks = ['submit', '--data', join(cli.home, 'data'), '--wait', '--repo', remote]
    const end = await cli.run([...asks, '--agent', 'command', 'x', '--', 'touch', 'made'])
    expect(end).toMatchObject({ code: 0 })
  })

  it('follows a job live through nginx, while the job runs', async () => {
    const cli = await cliInEmptyHome()
    const { remote } = await makeRemote(join(cli.home, 'repository'))
    const settings = 'port: 0\nbehindProxy: true\nallowHost: [localhost]\n'
    const hub = await startService(cli, 'millwright-hub.service', settings)
    await hub.printed(/hub on http/)
    const data = join(cli.home, 'data')
    const { port } = new URL(await hubAddress(data))
    const nginx = await startNginx(await freePort(), Number(port))
    const env = { NODE_EXTRA_CA_CERTS: nginx.certificate }
    const outside = join(cli.home, 'outside')
    await mkdir(outside)
    const tokens = { person: join(outside, 'person.token'), worker: join(outside, 'worker.token') }
    await writeFile(tokens.person, await token(cli, data, 'ada', PERSON))
    await writeFile(tokens.worker, await token(cli, data, 'build-7', ['worker']))

    const there = ['--hub', nginx.url, '--data', outside]
    const works = ['worker', ...there, '--token-file', tokens.worker, '--sandbox', 'none']
    const worker = cli.start([...works, '--allow-local'], { env })
    await worker.printed(/ worker · data/)
    const go = join(cli.home, 'go')
    const asks = ['submit', ...there, '--token-file', tokens.person, '--wait', '--repo', remote]
    const agent = `echo live words; until test -e '${go}'; do sleep 0.1; done; touch made`
    const job = cli.start([...asks, '--agent', 'command', 'x', '--', 'sh', '-c', agent], { env })
    await job.printed(/live words/)
    await writeFile(go, '')
    expect(await job.end).toMatchObject({ code: 0 })
  })
})

const PERSON = ['jobs:submit', 'jobs:read', 'artifacts:read', 'workers:read']

async function token(
  cli: Cli,
  data: string,
  name: string,
  scopes: readonly string[],
): Promise<string> {
  const asked = scopes.flatMap((scope) => ['--scope', scope])
  const { stdout } = await cli.run(['tokens', 'create', name, '--data', data, ...asked])
  return stdout
}

describeNeeding(['patience', 'systemd'], 'the service files', () => {
  it('are accepted by systemd', async () => {
    const folder = await tempFolder()
    for (const name of await readdir(TEAM)) {
      if (name.endsWith('.conf')) continue
      const unit = await readFile(join(TEAM, name), 'utf8')
      await writeFile(join(folder, name), unit.replaceAll('/usr/local/bin/millwright', '/bin/true'))
    }
    const units = (await readdir(folder)).map((name) => join(folder, name))
    const { stderr } = await run('systemd-analyze', ['verify', ...units])
    expect(stderr).toBe('')
  })
})
