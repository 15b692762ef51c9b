import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { type Cli, cliInEmptyHome, pathWithOnly } from '../support/cli.ts'
import { describeNeeding } from '../support/needs.ts'

const Findings = z.object({
  findings: z.array(
    z.object({
      check: z.string(),
      verdict: z.string(),
      says: z.string(),
      fix: z.string().optional(),
    }),
  ),
})

async function verdicts(cli: Cli, args: readonly string[] = [], env = {}) {
  const { code, stdout } = await cli.run(['doctor', '--json', ...args], { env })
  const { findings } = Findings.parse(JSON.parse(stdout))
  return { code, of: (check: string) => findings.find((finding) => finding.check === check) }
}

describeNeeding(['patience'], 'the doctor', () => {
  it('finds nothing broken beside a running hub, and its workers', async () => {
    const cli = await cliInEmptyHome()
    await cli.startUp()
    const { code, of } = await verdicts(cli, ['--sandbox', 'none'])
    expect(code).toBe(0)
    for (const check of ['node', 'git', 'data folder', 'hub', 'clock', 'versions']) {
      expect(of(check), check).toMatchObject({ verdict: 'ok' })
    }
    expect(of('git')?.says).toContain('refuses a tree with a .git folder')
    expect(of('versions')?.says).toMatch(/ on 1 worker$/)
    expect(of('sandbox')).toMatchObject({ verdict: 'warning' })
    expect(of('model')).toMatchObject({
      verdict: 'ok',
      says: expect.stringMatching(/not set in this shell; the running worker .* agents command/),
    })
  })

  it('asks the running worker what it has, instead of judging its own shell', async () => {
    const cli = await cliInEmptyHome()
    expect((await verdicts(cli)).of('model')?.fix).toContain('ANTHROPIC_API_KEY')
    const env = { ANTHROPIC_API_KEY: 'sk-hush' }
    await cli.startUp(['--name', 'anvil', '--label', 'gpu'], { env })
    const { of } = await verdicts(cli)
    expect(of('model')?.says).toMatch(/the running worker anvil offers the agents builtin, /)
    expect(of('worker anvil')?.says).toMatch(
      /^agents: builtin, .*command · NO SANDBOX · 2 slots · labels gpu$/,
    )
  })

  it('fails with what is missing and how to get it', async () => {
    const cli = await cliInEmptyHome()
    await mkdir(cli.data, { recursive: true })
    await chmod(cli.data, 0o755)
    const PATH = await pathWithOnly(cli.home, ['node', 'sh'])
    const { code, of } = await verdicts(cli, [], { PATH, OPENAI_API_KEY: 'sk-hush' })
    expect(code).toBe(9)
    expect(of('git')).toMatchObject({ verdict: 'failure', fix: 'Install it: apt-get install git' })
    expect(of('sandbox')).toMatchObject({ verdict: 'failure' })
    expect(of('sandbox')?.fix).toContain('apt-get install bubblewrap')
    expect(of('agent codex')).toMatchObject({ verdict: 'warning' })
    expect(of('agent codex')?.fix).toContain('npm install -g @openai/codex@')
    expect(of('agent builtin')).toMatchObject({ verdict: 'ok' })
    expect(of('data folder')).toMatchObject({
      verdict: 'failure',
      fix: `Run: chmod 700 ${cli.data}`,
    })
    expect(of('model')).toMatchObject({ verdict: 'ok', says: 'OpenAI, with a key' })
  })

  it('warns when jobs are queued and nobody works', async () => {
    const cli = await cliInEmptyHome()
    await cli.startHub()
    expect((await verdicts(cli, ['--sandbox', 'none'])).of('workers')).toBeUndefined()
    await cli.run(['submit', '--repo', 'https://git.example/a.git', 'Fix'])
    const { code, of } = await verdicts(cli, ['--sandbox', 'none'])
    expect(code).toBe(0)
    expect(of('workers')).toMatchObject({ verdict: 'warning' })
    expect(of('workers')?.fix).toContain('millwright worker')
  })

  it('tells of a hub that has died', async () => {
    const cli = await cliInEmptyHome()
    await (await cli.startHub()).stop('SIGKILL')
    const { code, of } = await verdicts(cli, ['--sandbox', 'none'])
    expect(code).toBe(9)
    expect(of('hub')).toMatchObject({ verdict: 'failure' })
  })

  it('names a job that waits for a lock nobody holds, and what to type', async () => {
    const cli = await cliInEmptyHome()
    const hub = await cli.startHub()
    await cli.run(['submit', '--repo', 'https://git.example/a.git', 'Fix'])
    await hub.stop()
    expect((await verdicts(cli, ['--sandbox', 'none'])).of('stranded job')).toBeUndefined()
    const database = new DatabaseSync(join(cli.data, 'ledger.db'))
    const { id } = database.prepare('SELECT id FROM job').get() ?? {}
    database.exec(`UPDATE job SET parked_on = 'a'`)
    database.close()
    const stranded = (await verdicts(cli, ['--sandbox', 'none'])).of('stranded job')
    expect(stranded).toMatchObject({ verdict: 'warning' })
    expect(stranded?.fix).toContain(`millwright cancel ${String(id)}`)
  })

  it('compares every job with its events, beside a running hub', async () => {
    const cli = await cliInEmptyHome()
    const hub = await cli.startHub()
    const submit = ['submit', '--repo', 'https://git.example/a.git', 'Fix']
    const ids = [await cli.run(submit), await cli.run(submit)].map(({ stdout }) =>
      stdout.slice(0, 12),
    )
    const before = await cli.run(['doctor', '--ledger'])
    expect(before).toMatchObject({ code: 0 })
    expect(before.stdout).toContain('compared 2 jobs, 0 differences')
    await hub.stop()
    const database = new DatabaseSync(join(cli.data, 'ledger.db'))
    database.prepare(`UPDATE job SET failures = 3 WHERE id LIKE ?`).run(`%${ids[1]}`)
    database.close()
    await cli.startHub()
    const after = await cli.run(['doctor', '--ledger'])
    expect(after).toMatchObject({ code: 9 })
    expect(after.stdout).toMatch(new RegExp(`${ids[1]}.*"failures":3.*"failures":0`))
    expect(after.stdout).toMatch(/, 1 difference$/m)
  })
})

describeNeeding(['bubblewrap'], 'the doctor with a sandbox', () => {
  it('sees that what is hidden cannot be read', async () => {
    const cli = await cliInEmptyHome()
    expect((await verdicts(cli)).of('sandbox')).toMatchObject({ verdict: 'ok' })
  })
})
