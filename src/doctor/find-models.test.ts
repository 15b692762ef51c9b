import { once } from 'node:events'
import { createServer } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parseConfigFile } from '../config/file.ts'
import { fileText } from '../cli/settings-file-text.ts'
import { findModels } from './find-models.ts'

/** Answers every request with this. */
async function aServer(body: string): Promise<string> {
  const server = createServer((_, response) => response.end(body))
  onTestFinished(() => void server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}

describe('models on this machine', () => {
  it('are what servers offer, and what keys open', async () => {
    const house = await aServer(JSON.stringify({ object: 'list', data: [{ id: 'house' }] }))
    const found = await findModels({ ANTHROPIC_API_KEY: 'sk-hush' }, [house])
    expect(found.map(({ about }) => about)).toEqual([
      'Anthropic, with the key in ANTHROPIC_API_KEY',
      `house at ${house}`,
    ])
    const { entries } = parseConfigFile(fileText(found[1] ?? null), 'config.yaml')
    expect(entries.get('upstreamOpenai')?.value).toBe(house)
    expect(entries.get('model')?.value).toBe('chat/house')
  })

  it('are not what happens to answer there', async () => {
    const places = [await aServer('<html>'), await aServer('{"data":[]}'), 'http://127.0.0.1:1']
    expect(await findModels({}, places)).toEqual([])
  })

  it('may be none: the file says which setting to fill in', () => {
    expect(fileText(null)).toContain('# upstreamOpenai: ')
    expect(parseConfigFile(fileText(null), 'config.yaml').entries.size).toBe(0)
  })
})
