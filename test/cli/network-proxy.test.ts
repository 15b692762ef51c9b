import { join } from 'node:path'
import { expect, it } from 'vitest'
import { cliInEmptyHome, hubAddress } from '../support/cli.ts'
import { startGitServer } from '../support/git-server.ts'
import { describeNeeding } from '../support/needs.ts'
import { aNetworkProxy } from '../support/network-proxy.ts'
import { makeRemote } from '../support/repository.ts'

describeNeeding(['patience'], 'a network proxy', () => {
  it('leads a client to its hub, except where NO_PROXY says so', async () => {
    const cli = await cliInEmptyHome()
    await cli.startHub()
    const proxy = await aNetworkProxy(await hubAddress(cli.data))
    const args = [
      'jobs',
      '--hub',
      'http://hub.invalid',
      '--allow-http',
      '--data',
      join(cli.home, 'x'),
    ]
    const env = { http_proxy: proxy.url }
    const through = await cli.run(args, { env })
    // The proxied request reaches the hub, which refuses a name that is not its own.
    expect(through.stderr).toContain('hub.invalid')
    expect(proxy.asked).toHaveLength(1)
    await cli.run(args, { env: { ...env, no_proxy: 'hub.invalid' } })
    await cli.run(['jobs'], { env })
    expect(proxy.asked).toHaveLength(1)
  })

  it.each([
    ['and are known to agents', '', 'http'],
    ['and its login is kept from agents', 'ada:secret', 'none'],
  ])('leads a worker to repositories, %s', async (_what, login, seen) => {
    const cli = await cliInEmptyHome()
    await makeRemote(cli.home)
    const server = await startGitServer(cli.home)
    const proxy = await aNetworkProxy(server.url, login === '' ? {} : { login })
    const url = login === '' ? proxy.url : proxy.url.replace('//', `//${login}@`)
    const up = await cli.startUp([], { env: { HTTP_PROXY: url } })
    const repository = 'http://repo.invalid/remote.git'
    const script = ['sh', '-c', 'echo "proxy=${http_proxy:-none}" | tee seen']
    const job = [
      'submit',
      '--wait',
      '--repo',
      repository,
      '--agent',
      'command',
      'x',
      '--',
      ...script,
    ]
    const { stdout } = await cli.run(job)
    expect(stdout).toContain(`proxy=${seen}`)
    expect(proxy.asked.some((request) => request.includes(repository))).toBe(true)
    const { stdout: log, stderr } = await up.stop()
    expect(log + stderr + stdout).not.toContain('secret')
  })
})
