import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { describeNeeding } from '../support/needs.ts'
import { cliInEmptyHome } from '../support/cli.ts'

const fileIn = (home: string) => join(home, '.config', 'millwright', 'config.yaml')

describeNeeding(['patience'], 'init', () => {
  it('writes a file that holds no key, only its owner can read, and the program can go by', async () => {
    const cli = await cliInEmptyHome()
    const env = { OPENAI_API_KEY: 'sk-hush' }
    const { code, stdout } = await cli.run(['init', '--yes'], { env })
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /model 1: OpenAI, with the key in OPENAI_API_KEY[^]*agents: builtin, (codex, )?command/,
    )
    expect(stdout).toMatch(/wrote .*config\.yaml\nnext: .* up/)
    const text = await readFile(fileIn(cli.home), 'utf8')
    expect(text).not.toContain('hush')
    expect((await stat(fileIn(cli.home))).mode & 0o077).toBe(0)
    expect(await cli.run(['config', 'show'])).toMatchObject({ code: 0 })
  })

  it('takes a model server that it is told of', async () => {
    const cli = await cliInEmptyHome()
    const place = ['--upstream', 'http://10.0.0.7:8000', '--model', 'chat/house']
    const { stdout } = await cli.run(['init', ...place])
    expect(stdout).toContain('warning: no model server answers at http://10.0.0.7:8000 now')
    const shown = (await cli.run(['config', 'show'])).stdout
    expect(shown).toMatch(/^upstreamOpenai +http:\/\/10\.0\.0\.7:8000 .*config\.yaml/m)
    expect(shown).toMatch(/^model +chat\/house/m)
  })

  it('never replaces a file by itself', async () => {
    const cli = await cliInEmptyHome()
    await cli.run(['init', '--yes'])
    const again = await cli.run(['init', '--yes'])
    expect(again.code).toBe(8)
    expect(again.stderr).toMatch(/already exists: .*config\.yaml[^]*--force/)
    expect((await cli.run(['init', '--yes', '--force'])).code).toBe(0)
  })
})
