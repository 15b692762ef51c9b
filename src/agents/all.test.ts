import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { tempFolder } from '../../test/support/temp-folder.ts'
import type { Provider } from '../domain/offer.ts'
import { agentDrivers, AGENTS, fitAgents } from './all.ts'
import { codex } from './codex.ts'

/** A folder with one program of this name. */
async function folderWith(name: string, text: string): Promise<string> {
  const folder = await tempFolder()
  await writeFile(join(folder, name), text)
  await chmod(join(folder, name), 0o755)
  return folder
}

const namesOf = async (path: string, providers: readonly Provider[]) =>
  (await fitAgents({ path }, providers)).map(({ name }) => name)

describe('the agents of a machine', () => {
  it('are those whose program answers and that have a model they can use', async () => {
    const path = await folderWith('codex', '#!/bin/sh\necho codex-cli 1.2.3\n')
    expect(await namesOf(path, ['openai'])).toEqual(['builtin', 'codex', 'command'])
    expect(await namesOf(path, ['anthropic'])).toEqual(['builtin', 'command'])
    expect(await namesOf(path, [])).toEqual(['command'])
    expect(await namesOf('/nowhere', ['openai'])).toEqual(['builtin', 'command'])
    expect(await codex.preflight({ path })).toEqual({ fit: true, says: 'codex-cli 1.2.3' })
  })

  it.each([
    ['fails', '#!/bin/sh\nexit 3\n'],
    ['cannot be started', '#!/no/such/interpreter\n'],
  ])('are without one whose program %s', async (_, text) => {
    const path = await folderWith('codex', text)
    expect(await namesOf(path, ['openai'])).toEqual(['builtin', 'command'])
    expect(await codex.preflight({ path })).toMatchObject({
      fit: false,
      says: 'fails when it is run with --version',
      fix: expect.stringContaining('npm install -g @openai/codex@'),
    })
  })

  it('have a driver each, under the name that a job uses', async () => {
    const host = { path: '/nowhere', node: process.execPath, model: 'anthropic/claude-sonnet-4-5' }
    const drivers = await agentDrivers(host)
    expect([...drivers.keys()]).toEqual(AGENTS.map(({ name }) => name))
    for (const { name, choice } of AGENTS) expect(choice.shape.name.value).toBe(name)
  })
})
