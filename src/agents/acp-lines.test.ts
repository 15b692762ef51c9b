import { PassThrough, Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { withBackpressure } from './acp-lines.ts'

/** Reads two lines from an agent that does not read its stdin. */
async function hearing() {
  const stdin = new PassThrough({ highWaterMark: 1 })
  stdin.write('an answer')
  const lines = withBackpressure(Readable.from(['one', 'two']), stdin)
  const heard: string[] = []
  const all = (async () => {
    for await (const line of lines) heard.push(line)
  })()
  await setImmediate()
  return { stdin, heard, all }
}

describe('an agent that does not read its stdin', () => {
  it('is not heard until it does', async () => {
    const { stdin, heard, all } = await hearing()
    expect(heard).toEqual([])
    stdin.resume()
    await all
    expect(heard).toEqual(['one', 'two'])
  })

  it('is heard to the end after it has exited', async () => {
    const { stdin, heard, all } = await hearing()
    stdin.destroy()
    await all
    expect(heard).toEqual(['one', 'two'])
  })
})
