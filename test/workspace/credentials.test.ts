import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startGitServer } from '../support/git-server.ts'
import { aWorkspace, gitSettings, makeRemote, shell } from '../support/repository.ts'
import { PASSWORD } from '../support/serve-git.ts'
import { tempFolder } from '../support/temp-folder.ts'

describe('a credential', () => {
  it('is in no file of workspace or cache, in no argument and in no address', async () => {
    const folder = await tempFolder()
    await makeRemote(folder)
    const server = await startGitServer(folder, { login: true })
    // A wrapper around git that records its arguments.
    const path = `${folder}/bin:${process.env['PATH'] ?? ''}`
    await shell(
      folder,
      `mkdir bin; cat > bin/git <<'END'\n#!/bin/sh\necho "$@" >> ${folder}/arguments\nexec /usr/bin/env PATH="\${PATH#*:}" git "$@"\nEND\nchmod +x bin/git`,
    )
    const settings = gitSettings(folder, {
      path,
      credentialFor: async () => ({
        kind: 'basic',
        source: 'a test',
        user: 'reader',
        password: PASSWORD,
      }),
    })
    const workspace = await aWorkspace(folder, {
      repository: `${server.url}/remote.git`,
      settings,
    })
    const secrets = [PASSWORD, Buffer.from(`reader:${PASSWORD}`).toString('base64')]
    const written = await everyFile([workspace.folder, settings.cacheFolder])
    written.push(await readFile(join(folder, 'arguments')))
    expect(written.length).toBeGreaterThan(10)
    for (const bytes of written) {
      for (const secret of secrets) expect(bytes.includes(secret)).toBe(false)
    }
    expect(server.requests.length).toBeGreaterThan(0)
  })
})

async function everyFile(folders: readonly string[]): Promise<Buffer[]> {
  const entries = await Promise.all(
    folders.map((folder) => readdir(folder, { recursive: true, withFileTypes: true })),
  )
  const files = entries.flat().filter((entry) => entry.isFile())
  return await Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name))))
}
