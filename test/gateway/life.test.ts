import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, expect, it, vi } from 'vitest'
import { readProcess } from '../../src/platform/process-table.ts'
import { aFence, aGateway, aScript } from '../support/gateway.ts'
import { describeNeeding } from '../support/needs.ts'

const request = (token: string) => ({
  method: 'POST',
  headers: { authorization: `Bearer ${token}` },
  body: JSON.stringify({
    model: 'm',
    tools: [{ type: 'function' }],
    messages: [{ role: 'user', content: 'go' }],
  }),
})

/** A zombie counts as ended. */
async function untilGone(pid: number): Promise<void> {
  await vi.waitFor(() => expect(runs(pid)).toBe(false), 5000)
}

function runs(pid: number): boolean {
  if (process.platform === 'linux') return readProcess(pid) !== null
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('the gateway process', () => {
  it('restarts after its death, on the same port, with its doors and counts', async () => {
    const replay = await aScript({
      scripts: [{ steps: [{ text: 'hello', usage: { input: 7, output: 3, costUsd: 0.5 } }] }],
    })
    const gateway = await aGateway({ replay })
    const door = await gateway.open(aFence())
    const address = `${door.baseUrl}/openai/v1/chat/completions`
    await (await fetch(address, request(door.token))).text()
    await expect.poll(() => gateway.usage(door.token)).toMatchObject({ inputTokens: 7 })
    const before = gateway.pid

    process.kill(before, 'SIGKILL')
    await untilGone(before)
    // A call to the gateway waits for the new process.
    expect(await gateway.usage(door.token)).toMatchObject({ requests: 1, inputTokens: 7 })
    const again = await fetch(address, request(door.token))

    expect(again.status).toBe(200)
    expect(gateway.pid).not.toBe(before)
    expect(await gateway.close(door.token)).toMatchObject({
      requests: 2,
      inputTokens: 14,
      outputTokens: 6,
      // The cost of requests in flight when it died is unknown.
      costUsd: 'unknown',
    })
  })

  it('dies with a worker that is killed, and outlives a signal to the group', async () => {
    const source = `
      const { startGateway } = await import(${JSON.stringify(entry('src/gateway/gateway.ts'))})
      const { GatewaySettings } = await import(${JSON.stringify(entry('src/gateway/settings.ts'))})
      const { silentLog } = await import(${JSON.stringify(entry('src/platform/log.ts'))})
      const gateway = await startGateway(GatewaySettings.parse({}), silentLog)
      process.on('SIGINT', () => {})
      process.on('message', async () => {
        await gateway.open({ jobId: 'j', attempt: 1 })
        console.log('open')
      })
      console.log(gateway.pid)
    `
    const worker = spawn(process.execPath, ['--input-type=module', '--eval', source], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      detached: true,
    })
    const lines = createInterface({ input: worker.stdout! })[Symbol.asyncIterator]()
    const pid = Number((await lines.next()).value)

    process.kill(-worker.pid!, 'SIGINT')
    worker.send('open a door')
    expect((await lines.next()).value).toBe('open')

    worker.kill('SIGKILL')
    await once(worker, 'exit')
    await vi.waitFor(() => expect(runs(pid)).toBe(false), 5000)
  })
})

const entry = (path: string): string => new URL(`../../${path}`, import.meta.url).href

describeNeeding(['patience'], 'a gateway process that is killed each time it starts', () => {
  it('gives up after repeated deaths', async () => {
    const gateway = await aGateway({})
    const door = await gateway.open(aFence())
    for (let death = 0; death < 6; death += 1) {
      await gateway.usage(door.token).catch(() => {})
      const { pid } = gateway
      process.kill(pid, 'SIGKILL')
      await untilGone(pid)
    }
    await expect
      .poll(async () => {
        try {
          return await gateway.usage(door.token)
        } catch (error) {
          return String(error)
        }
      })
      .toMatch(/died more than 5 times/)
  })
})
