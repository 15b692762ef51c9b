import { describe, expect, it } from 'vitest'
import { startTestHub } from '../support/hub.ts'
import { request, sendRaw, statusOf } from '../support/raw-http.ts'

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD']
const AT_ONCE = 25

describe('T16: pages and names of others', () => {
  it('only the hub’s own name, its own origin and its own fetches pass, whatever the method', async () => {
    await using hub = await startTestHub({ allowHosts: ['hub.example'] })
    const own = `127.0.0.1:${hub.port}`
    const cases = METHODS.flatMap((method) =>
      [
        [own, true],
        ['hub.example', true],
        ['evil.example', false],
        [`evil.example:${hub.port}`, false],
        ['', false],
      ].flatMap(([host, hostPasses]) =>
        [
          [null, true],
          [`http://${String(host)}`, true],
          ['http://evil.example', false],
          ['http://127.0.0.1:1', false],
          ['null', false],
        ].flatMap(([origin, originPasses]) =>
          [
            [null, true],
            ['same-origin', true],
            ['none', true],
            ['same-site', false],
            ['cross-site', false],
          ].map(([site, sitePasses]) => ({
            method,
            headers: [
              `Host: ${String(host)}`,
              ...(origin === null ? [] : [`Origin: ${String(origin)}`]),
              ...(site === null ? [] : [`Sec-Fetch-Site: ${String(site)}`]),
            ],
            passes: hostPasses === true && originPasses === true && sitePasses === true,
          })),
        ),
      ),
    )

    const wrong: unknown[] = []
    for (let start = 0; start < cases.length; start += AT_ONCE) {
      await Promise.all(
        cases.slice(start, start + AT_ONCE).map(async ({ method, headers, passes }) => {
          const token = `Authorization: Bearer ${hub.adminToken}`
          const line = `${method} /api/v1/jobs`
          const answer = await sendRaw(hub.port, request(line, ...headers, token))
          const refused = statusOf(answer) === 403
          const open = /access-control-/i.test(answer)
          if (refused === passes || open) wrong.push({ method, headers, answer })
        }),
      )
    }

    expect(cases).toHaveLength(750)
    expect(cases.filter(({ passes }) => passes)).toHaveLength(METHODS.length * 2 * 2 * 3)
    expect(wrong).toEqual([])
  })

  it('a cross-site request changes nothing even with a valid token', async () => {
    await using hub = await startTestHub()
    const body = JSON.stringify({ kind: 'code', payload: {} })
    const answer = await sendRaw(
      hub.port,
      request(
        'POST /api/v1/jobs',
        `Host: 127.0.0.1:${hub.port}`,
        'Origin: http://evil.example',
        `Authorization: Bearer ${hub.adminToken}`,
        'Content-Type: application/json',
        `Content-Length: ${body.length}`,
      ),
      body,
    )
    expect(answer).toContain('"code":"origin-refused"')
    expect((await hub.admin.call('listJobs', {})).jobs).toEqual([])
  })
})
