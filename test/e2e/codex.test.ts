import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { makeDemoRepository } from '../../src/cli/demo/make-repository.ts'
import type { JobEvent } from '../../src/domain/event.ts'
import { Job } from '../../src/domain/job.ts'
import { type Cli, cliInEmptyHome } from '../support/cli.ts'
import { codexProgram, describeNeeding } from '../support/needs.ts'
import { byHand } from '../support/repository.ts'

const FIX = 'The tests fail. Find the bug and fix it.'
const DESCRIBE = 'Now say in the README that several units are added up.'

const shell = (cmd: string) => ({ name: 'exec_command', args: { cmd } })
const patch = (lines: string) => shell(`apply_patch <<'END'\n*** Begin Patch\n${lines}\nEND`)

/** What the model is to say; everything else is real. */
const SCRIPT = {
  scripts: [
    // The prompt of a follow-up also names the earlier job, so this script must come first.
    {
      when: DESCRIBE,
      steps: [
        { calls: [shell('echo "Several units are added up." >> README.md')] },
        { text: 'The README says so now.' },
      ],
    },
    {
      when: FIX,
      steps: [
        { text: 'First the tests.', calls: [shell('node --test; true')] },
        {
          text: 'Only the first part is read.',
          calls: [
            patch(`*** Update File: src/duration.js
@@
-const PART = /(\\d+)\\s*([dhms])/
+const PART = /(\\d+)\\s*([dhms])/g
@@
-  const part = PART.exec(text)
-  if (part === null) throw new TypeError(\`not a duration: \${text}\`)
-  return Number(part[1]) * MILLISECONDS[part[2]]
+  const parts = [...text.matchAll(PART)]
+  if (parts.length === 0) throw new TypeError(\`not a duration: \${text}\`)
+  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * MILLISECONDS[unit], 0)
*** End Patch`),
          ],
        },
        { text: 'All parts are added up now.', usage: { input: 2000, cached: 1000, output: 90 } },
      ],
    },
  ],
}

/** The program with a worker that confines, finds Codex, and has a model that follows the script. */
async function startWithCodex(): Promise<Cli> {
  const cli = await cliInEmptyHome()
  const script = join(cli.home, 'model.json')
  await writeFile(script, JSON.stringify(SCRIPT))
  const PATH = `${dirname(codexProgram())}:${process.env['PATH']}`
  const up = cli.start(['up', '--port', '0', '--allow-local', '--replay', script], {
    env: { PATH },
  })
  await up.printed(/agents: .*codex/)
  await up.printed(/next: .* submit/)
  return cli
}

/** The session that the agent of a job worked in. */
const sessionIn = (events: readonly JobEvent[]): string | undefined =>
  events.find((event) => event.type === 'agent-session')?.session

describeNeeding(['bubblewrap', 'codex'], 'Codex from the command line to a branch', () => {
  it('fixes a repository, and a follow-up goes on in its session and on its branch', async () => {
    const cli = await startWithCodex()
    const remote = await makeDemoRepository(cli.home, process.env['PATH'] ?? '')
    const agent = ['--agent', 'codex', '--model', 'scripted-model']
    const flags = [
      '--wait',
      '--repo',
      remote,
      '--publish',
      'branch',
      '--check',
      'tests=node --test',
    ]
    const followed = await cli.run(['submit', ...agent, ...flags, FIX])

    expect(followed).toMatchObject({ code: 0, stderr: '' })
    expect(followed.stdout).toMatch(/First the tests[^]*check tests passed[^]*published branch/)
    expect(followed.stdout).toMatch(/used .*replayed, not from a model/)
    const id = followed.stdout.slice(0, 12)
    const branch = `millwright/${id}`
    const { job: first, events } = await cli.show(id)
    expect(first.publication).toMatchObject({ kind: 'branch', details: { branch } })
    const message = await byHand(remote, 'log', '-1', '--format=%an%n%B', branch)
    expect(message).toMatch(new RegExp(`^Millwright\\n[^]*Job-Id: ${first.id}\\nAttempt: 1$`))
    const names = (await cli.run(['artifacts', 'list', id])).stdout
    for (const name of ['change.patch', 'checks.log', 'session.tar', 'transcript.jsonl']) {
      expect(names).toContain(name)
    }

    const again = await cli.run(['retry', id, '--wait', '--json', '--prompt', DESCRIBE])
    const second = Job.parse(JSON.parse(again.stdout))
    expect(second).toMatchObject({
      retryOf: first.id,
      publication: { kind: 'branch', details: { branch } },
    })
    const session = sessionIn(events)
    expect(session).toMatch(/^[0-9a-f-]{36}$/)
    expect(sessionIn((await cli.show(second.id)).events)).toBe(session)
    const archive = join(cli.home, 'session.tar')
    await cli.run(['artifacts', 'get', second.id, 'session.tar', '-o', archive])
    const kept = await readFile(archive, 'utf8')
    expect([kept.includes(FIX), kept.includes(DESCRIBE)]).toEqual([true, true])

    expect(await byHand(remote, 'rev-list', '--count', `main..${branch}`)).toBe('2')
    expect(await byHand(remote, 'show', `${branch}:README.md`)).toContain('Several units are')
    expect(await byHand(remote, 'show', `${branch}:src/duration.js`)).toContain('matchAll(PART)')
  })
})
