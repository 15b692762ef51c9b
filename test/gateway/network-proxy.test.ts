import { expect, it } from 'vitest'
import { proxyVariables } from '../../src/domain/proxy.ts'
import { Secret } from '../../src/domain/secret.ts'
import { aFence, aGateway, aModelServer } from '../support/gateway.ts'
import { aNetworkProxy } from '../support/network-proxy.ts'

const settings = (proxyUrl: string, baseUrl: string) => ({
  upstreams: { openai: { baseUrl, apiKey: 'a-key' } },
  proxy: proxyVariables({ httpProxy: new Secret(proxyUrl), httpsProxy: new Secret(proxyUrl) }),
})

async function ask(proxyUrl: string, baseUrl: string): Promise<Response> {
  const gateway = await aGateway(settings(proxyUrl, baseUrl))
  const door = await gateway.open(aFence())
  return await fetch(`${door.baseUrl}/openai/v1/responses`, {
    method: 'POST',
    headers: { authorization: `Bearer ${door.token}` },
    body: '{"model":"m"}',
  })
}

const aModel = () => aModelServer((_request, response) => void response.end('{"ok":true}'))

it('a model is reached through the network proxy', async () => {
  const proxy = await aNetworkProxy(await aModel())
  const answer = await ask(proxy.url, 'http://model.invalid')
  expect(await answer.json()).toEqual({ ok: true })
  expect(proxy.asked).toEqual(['POST http://model.invalid/v1/responses'])
})

it('a model on this machine is reached without it', async () => {
  const model = await aModel()
  const proxy = await aNetworkProxy(model)
  expect((await ask(proxy.url, model)).status).toBe(200)
  expect(proxy.asked).toEqual([])
})

it('a proxy that refuses its login is reported without the login', async () => {
  const proxy = await aNetworkProxy(await aModel(), { login: 'ada:secret' })
  const answer = await ask(proxy.url.replace('//', '//ada:wr0ng@'), 'https://model.invalid')
  expect(answer.status).toBe(502)
  expect(await answer.text()).not.toContain('wr0ng')
  expect(proxy.asked).toEqual(['CONNECT model.invalid:443'])
})
