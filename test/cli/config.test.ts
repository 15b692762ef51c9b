import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Cli, cliInEmptyHome } from '../support/cli.ts'

async function withFile(text: string, mode = 0o600): Promise<{ cli: Cli; file: string }> {
  const cli = await cliInEmptyHome()
  const file = join(cli.home, '.config', 'millwright', 'config.yaml')
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, text)
  await chmod(file, mode)
  return { cli, file }
}

describe('config show', () => {
  it('tells each setting, its value and where it comes from, and no secret', async () => {
    const { cli, file } = await withFile('slots: 4\nport: 8001\nanthropicKey: sk-hush\n')
    const env = { MILLWRIGHT_PORT: '8002', OPENAI_API_KEY: 'sk-hush' }
    const { code, stdout } = await cli.run(['config', 'show', '--slots', '6'], { env })
    expect(code).toBe(0)
    expect(stdout).toContain(`file: ${file}`)
    expect(stdout).toMatch(/^slots +6 +--slots$/m)
    expect(stdout).toMatch(/^port +8002 +MILLWRIGHT_PORT$/m)
    expect(stdout).toMatch(new RegExp(`^data +${cli.data} +default$`, 'm'))
    expect(stdout).toMatch(new RegExp(`^store +${cli.data} +default$`, 'm'))
    expect(stdout).toMatch(/^leaseMs +60000 +default$/m)
    expect(stdout).toMatch(/^openaiKey +"\[redacted\]" +OPENAI_API_KEY$/m)
    expect(stdout).toMatch(/^anthropicKey +"\[redacted\]" +.*config\.yaml:3 anthropicKey$/m)
    expect(stdout).not.toContain('hush')
  })

  it('names what differs in the program that runs with the data folder, and no secret', async () => {
    const cli = await cliInEmptyHome()
    const env = { ANTHROPIC_API_KEY: 'sk-hush' }
    const up = await cli.startUp(['--allow-local', '--slots', '5'], { env })
    const { stdout } = await cli.run(['config', 'show'])
    expect(stdout).toContain(
      `These are the settings of this shell. Those of process ${up.process.pid}`,
    )
    const differing = stdout.split('differ:\n')[1] ?? ''
    expect(differing).toMatch(/^setting +here +running$/m)
    expect(differing).toMatch(/^slots +2 +5$/m)
    expect(differing).toMatch(/^allowLocal +false +true$/m)
    expect(differing).toMatch(/^anthropicKey +- +"?\[redacted\]"?$/m)
    expect(differing).not.toMatch(/^(leaseMs|data) /m)
    expect(await readFile(join(cli.data, 'hub.json'), 'utf8')).not.toContain('hush')
  })

  it('is one JSON document with --json, and names the file there is not', async () => {
    const cli = await cliInEmptyHome()
    const { stdout } = await cli.run(['config', 'show', '--json'])
    const { file, settings } = JSON.parse(stdout)
    expect(file).toBeNull()
    expect(settings).toContainEqual({ setting: 'slots', value: 2, source: 'default' })
    expect((await cli.run(['config', 'path'])).stdout.trim()).toBe(
      join(cli.home, '.config', 'millwright', 'config.yaml'),
    )
  })
})

describe('a file of settings', () => {
  it('is what hub and worker go by', async () => {
    const { cli } = await withFile('sandbox: none\nslots: 3\nport: 0\n')
    const up = cli.start(['up'])
    expect(await up.printed(/next: .* submit/)).toMatch(/NO SANDBOX.* 3 slots/)
  })

  it('is refused when it holds a secret that others can read', async () => {
    const { cli, file } = await withFile('anthropicKey: sk-hush\n', 0o644)
    const { code, stderr } = await cli.run(['up'])
    expect(code).toBe(2)
    expect(stderr).toContain(`other users can read the file; run: chmod 600 ${file}`)
  })

  it('that is named must be there, and be right', async () => {
    const cli = await cliInEmptyHome()
    const missing = await cli.run(['jobs', '--config', 'nowhere.yaml'])
    expect(missing.stderr).toMatch(/Cannot read .*nowhere\.yaml: the file does not exist/)
    await writeFile(join(cli.home, 'wrong.yaml'), 'slot: 4\n')
    const wrong = await cli.run(['jobs'], { env: { MILLWRIGHT_CONFIG: 'wrong.yaml' } })
    expect(wrong).toMatchObject({ code: 2 })
    expect(wrong.stderr).toMatch(/wrong\.yaml:1: "slot" is not a setting; did you mean slots\?/)
  })
})
