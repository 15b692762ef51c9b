import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { type Cli, cliInEmptyHome, PROGRAM } from '../support/cli.ts'
import { describeNeeding } from '../support/needs.ts'
import { makeRemote } from '../support/repository.ts'

const run = promisify(execFile)

/** A line for a shell in which `$M` is the program. */
async function shell(cli: Cli, line: string): Promise<string> {
  const M = `${process.execPath} ${PROGRAM}`
  const env = { PATH: process.env['PATH'], HOME: cli.home, M }
  const { stdout } = await run('sh', ['-c', line], { env, maxBuffer: 64 * 1024 * 1024 })
  return stdout
}

describe('output that cannot be written', () => {
  it.skipIf(!existsSync('/dev/full'))('is told as what it is: a full disk', async () => {
    const cli = await cliInEmptyHome()
    const said = await shell(cli, '$M config path 2>&1 >/dev/full; echo "code $?"')
    expect(said).toContain('The disk that holds the output is full')
    expect(said).toContain('code 9\n')
  })
})

describeNeeding(['patience'], 'a log of three megabytes', () => {
  it('is shown to its last line, live and afterwards, however slowly somebody reads', async () => {
    const cli = await cliInEmptyHome()
    const { remote } = await makeRemote(join(cli.home, 'git'))
    await cli.startUp(['--allow-local'])
    const lines = Array.from({ length: 450_000 }, (_, index) => String(index + 1))
    const submit = ['submit', '--wait', '--agent', 'command', '--repo', remote, 'Count']
    const live = await cli.run([...submit, '--', 'seq', '1', '450000'])
    expect(live.code).toBe(0)
    const told = live.stdout.split('\n')
    expect(told.filter((line) => /^\d+$/.test(line))).toEqual(lines)
    expect(told.at(-4)).toContain('· succeeded')
    const id = live.stdout.slice(0, 12)
    const whole = `${lines.join('\n')}\n`
    const followed = await cli.run(['logs', '-f', id])
    expect([followed.code, followed.stdout === whole]).toEqual([0, true])
    const slowly = await shell(cli, `{ $M logs ${id}; echo "code $?"; } | { sleep 1; cat; }`)
    expect(slowly === `${whole}code 0\n`).toBe(true)
    for (const command of [`logs ${id}`, `artifacts get ${id} agent-output.log`]) {
      const head = `({ $M ${command}; echo "code $?" >&3; } | head -n 1) 3>&1`
      expect(await shell(cli, head)).toBe('1\ncode 0\n')
    }
    if (!existsSync('/dev/full')) return
    const full = `$M artifacts get ${id} agent-output.log 2>&1 >/dev/full; echo "code $?"`
    expect(await shell(cli, full)).toMatch(/The disk that holds the output is full[^]*code 9\n$/)
  }, 120_000)
})
