import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { EXIT_CODES } from '../../src/cli/exit-codes.ts'
import { cliInEmptyHome } from '../support/cli.ts'
import { describeNeeding } from '../support/needs.ts'

/** What the help of each command must at least speak of. */
const COMMANDS: readonly (readonly [command: string, ...words: string[]])[] = [
  ['init', '--yes', '--force', '--upstream'],
  ['up', '--port', '--data', '--sandbox', '--slots', '--replay', 'MILLWRIGHT_PORT', '7373'],
  ['hub', '--allow-host', '--behind-proxy', 'MILLWRIGHT_HOST'],
  ['worker', '--hub', '--token-file', '--git-credential', '--upstream-anthropic'],
  ['submit', 'code', '--repo', '--agent', '--publish', '--check', '--wait', '--wall-ms', '--json'],
  ['submit code', '--repo', '--group', '--not-before', '--id', 'Examples:'],
  ['submit generate', '--file', 'JSON Lines', '--rows', 'CSV', '--dry-run'],
  ['jobs', '--state', '--text', '--cursor', '--json'],
  ['show', '<job>', '--json', '--hub'],
  ['logs', '--follow', '--stream', '--attempt', 'transcript'],
  ['wait', '--group', 'worst outcome'],
  ['cancel', '[job]', '--group'],
  ['retry', '--prompt', '--failed', '--group', '--wait'],
  ['resume', '<job>'],
  ['artifacts', 'list', 'get'],
  ['artifacts get', '[name]', '--output', '--to', '--attempt'],
  ['workers', '--json'],
  ['tokens', 'create', 'list', 'revoke'],
  ['tokens create', '--scope', '--only', '--days', 'jobs:submit'],
  ['config', 'show', 'path'],
  ['config show', '--slots', '--json'],
  ['doctor', '--ledger', '--json'],
  ['backup', '<folder>', '--database', '--store'],
  ['restore', '<folder>', '--data'],
  ['demo'],
]

describeNeeding(['patience'], 'the help', () => {
  it('lists every command and what each exit code means', async () => {
    const cli = await cliInEmptyHome()
    const { code, stdout } = await cli.run(['--help'])
    expect(code).toBe(0)
    for (const [command] of COMMANDS) expect(stdout).toContain(command.split(' ')[0])
    expect(stdout).toMatch(/3\s+the hub does not answer/)
  })

  it.each(COMMANDS)('of %s names its flags', async (command, ...words) => {
    const cli = await cliInEmptyHome()
    const { code, stdout } = await cli.run([...command.split(' '), '--help'])
    expect(code).toBe(0)
    for (const word of words) expect(stdout).toContain(word)
  })

  it('keeps secrets off the command line', async () => {
    const cli = await cliInEmptyHome()
    const { stdout } = await cli.run(['up', '--help'])
    expect(stdout).not.toMatch(/--\w+-key|--token /)
  })
})

describe('the README', () => {
  it('names every exit code', async () => {
    const text = await readFile(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8')
    for (const { code } of Object.values(EXIT_CODES)) {
      expect(text).toMatch(new RegExp(`[ \\n]${code} `))
    }
  })
})

describe('the command line', () => {
  it('answers its version', async () => {
    const cli = await cliInEmptyHome()
    expect((await cli.run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it('names the near miss of a command and of a flag, with exit code 2', async () => {
    const cli = await cliInEmptyHome()
    const command = await cli.run(['sumbit'])
    expect(command).toMatchObject({ code: 2, stdout: '' })
    expect(command.stderr).toContain('Did you mean submit?')
    const flag = await cli.run(['up', '--slot', '3'])
    expect(flag.code).toBe(2)
    expect(flag.stderr).toContain('Did you mean --slots?')
  })

  it('warns of a setting in the environment that nothing reads', async () => {
    const cli = await cliInEmptyHome()
    const { stderr } = await cli.run(['--version'], { env: { MILLWRIGHT_PROT: '1' } })
    expect(stderr).toContain('did you mean MILLWRIGHT_PORT?')
  })

  it('names the variable that holds a wrong value', async () => {
    const cli = await cliInEmptyHome()
    const { code, stderr } = await cli.run(['hub'], { env: { MILLWRIGHT_PORT: 'many' } })
    expect(code).toBe(2)
    expect(stderr).toContain('MILLWRIGHT_PORT: "many" is not a number')
  })
})
