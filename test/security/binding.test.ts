import { networkInterfaces } from 'node:os'
import { describe, expect, it } from 'vitest'
import { startTestHub } from '../support/hub.ts'

const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
)
const loopback = ['127.0.0.1', 'localhost', ...(hasIpv6 ? ['::1'] : [])]

describe('T33: plain HTTP beyond this machine', () => {
  it.each(['0.0.0.0', '::', '10.1.2.3', '192.168.0.1', 'hub.example', '', '127.0.0.1.example'])(
    'the address %j is refused',
    async (host) => {
      await expect(startTestHub({ listen: { host, port: 0 } })).rejects.toMatchObject({
        code: 'bind-refused',
      })
    },
  )

  it.each(loopback)('the address %s is this machine', async (host) => {
    await using hub = await startTestHub({ listen: { host, port: 0 } })
    expect((await fetch(`${hub.url}/livez`)).status).toBe(200)
  })

  it('any address may be bound behind a proxy that is named, and answers to its names alone', async () => {
    await using hub = await startTestHub({
      listen: { host: '0.0.0.0', port: 0 },
      behindProxy: true,
      allowHosts: ['hub.example'],
    })
    expect((await fetch(`http://127.0.0.1:${hub.port}/livez`)).status).toBe(200)
  })

  it('a port that is taken is named', async () => {
    await using hub = await startTestHub()
    const second = startTestHub({ listen: { host: '127.0.0.1', port: hub.port } })
    await expect(second).rejects.toMatchObject({
      code: 'port-taken',
      message: expect.stringContaining(String(hub.port)),
    })
  })
})
