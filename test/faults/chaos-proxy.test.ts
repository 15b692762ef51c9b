import { once } from 'node:events'
import { createServer } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type ChaosProxy, startChaosProxy, type Toxic } from '../support/chaos-proxy.ts'

const LATE_MS = 300

/** A server that counts what it is asked, behind a line of ours. */
async function behindProxy(): Promise<{ proxy: ChaosProxy; asked: string[] }> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => asked.push(chunk.toString()))
    request.on('end', () => response.end('done'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy = await startChaosProxy(() => 0)
  const address = server.address()
  proxy.aim(typeof address === 'object' ? (address?.port ?? 0) : 0)
  onTestFinished(async () => {
    await proxy[Symbol.asyncDispose]()
    server.closeAllConnections()
    server.close()
  })
  return { proxy, asked }
}

/** How a request is answered: its text, `broken`, or `silence`. */
async function ask(proxy: ChaosProxy, body = 'x'): Promise<string> {
  const signal = AbortSignal.timeout(LATE_MS)
  try {
    return await (await fetch(proxy.url, { method: 'POST', body, signal })).text()
  } catch {
    return signal.aborted ? 'silence' : 'broken'
  }
}

describe('the chaos proxy', () => {
  it('is an honest line while nothing is wrong, and after it was cut', async () => {
    const { proxy, asked } = await behindProxy()
    expect(await ask(proxy)).toBe('done')
    proxy.cut()
    expect(await ask(proxy)).toBe('done')
    expect(asked).toEqual(['x', 'x'])
  })

  it.each<[Toxic, string, number]>([
    [{ kind: 'latency', ms: 50 }, 'done', 1],
    [{ kind: 'reset', share: 1 }, 'broken', 0],
    [{ kind: 'black-hole', way: 'to hub' }, 'silence', 0],
    [{ kind: 'black-hole', way: 'from hub' }, 'silence', 1],
    [{ kind: 'half-open' }, 'silence', 0],
    [{ kind: 'lost-reply', share: 1 }, 'broken', 1],
  ])('with %o a request ends in “%s” and is heard %i times', async (toxic, answer, times) => {
    const { proxy, asked } = await behindProxy()
    proxy.poison(toxic)
    expect(await ask(proxy)).toBe(answer)
    await expect.poll(() => asked).toHaveLength(times)
    proxy.poison(null)
    proxy.cut()
    expect(await ask(proxy)).toBe('done')
  })

  it('can bring a request a second time', async () => {
    const { proxy, asked } = await behindProxy()
    proxy.poison({ kind: 'duplicate', share: 1 })
    expect(await ask(proxy, 'once')).toBe('done')
    await expect.poll(() => asked).toEqual(['once', 'once'])
  })
})
