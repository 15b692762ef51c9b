import { expect, it } from 'vitest'
import { proxyVariables } from '../../src/domain/proxy.ts'
import { Secret } from '../../src/domain/secret.ts'
import { publishBranch } from '../../src/publish/branch.ts'
import { takeTree } from '../../src/workspace/take-tree.ts'
import { aBranchRequest } from '../support/branch-request.ts'
import { startGitServer } from '../support/git-server.ts'
import { aNetworkProxy } from '../support/network-proxy.ts'
import {
  aWorkspace,
  byHand,
  gitSettings,
  makeRemote,
  patient,
  shell,
} from '../support/repository.ts'
import { tempFolder } from '../support/temp-folder.ts'

const REPOSITORY = 'http://repo.invalid/remote.git'

async function behindProxy(login?: string) {
  const folder = await tempFolder()
  const { remote } = await makeRemote(folder)
  const server = await startGitServer(folder)
  const proxy = await aNetworkProxy(server.url, login === undefined ? {} : { login })
  const settingsFor = (url: string) =>
    gitSettings(folder, { proxy: proxyVariables({ httpProxy: new Secret(url) }) })
  return { folder, remote, server, proxy, settingsFor }
}

it('git fetches and pushes through the network proxy, with its login', async () => {
  const { folder, remote, proxy, settingsFor } = await behindProxy('ada:secret')
  const settings = settingsFor(proxy.url.replace('//', '//ada:secret@'))
  const workspace = await aWorkspace(folder, { repository: REPOSITORY, settings })
  await shell(workspace.tree, 'echo more > new')
  const change = await takeTree(workspace, patient())
  await publishBranch(aBranchRequest({ workspace, change }), settings, patient())
  expect(await byHand(remote, 'show', 'millwright/0123456789ab:new')).toBe('more')
  expect(proxy.asked.every((request) => request.includes(REPOSITORY))).toBe(true)
})

it('git reaches this machine without the network proxy', async () => {
  const { folder, server, proxy, settingsFor } = await behindProxy()
  const repository = `${server.url}/remote.git`
  await aWorkspace(folder, { repository, settings: settingsFor(proxy.url) })
  expect(proxy.asked).toEqual([])
})

it('a refused login at the network proxy is named, and never printed', async () => {
  const { folder, proxy, settingsFor } = await behindProxy('ada:secret')
  const settings = settingsFor(proxy.url.replace('//', '//ada:wr0ng@'))
  const refused = aWorkspace(folder, { repository: REPOSITORY, settings })
  await expect(refused).rejects.toThrow(/network proxy requires a login, or rejected the login/)
  await expect(refused).rejects.not.toThrow(/wr0ng/)
})
