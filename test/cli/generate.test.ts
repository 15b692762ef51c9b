import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { type Cli, cliInEmptyHome, PROGRAM } from '../support/cli.ts'
import { describeNeeding } from '../support/needs.ts'
import { makeRemote } from '../support/repository.ts'
import { readDocument } from '../tidy/source.ts'

const run = promisify(execFile)

/** What a line for a shell prints in which `millwright` is the program. */
async function inShell({ home }: Cli, line: string): Promise<string> {
  const program = `millwright() { '${process.execPath}' '${PROGRAM}' "$@"; }`
  const env = { PATH: process.env['PATH'], HOME: home }
  const { stdout } = await run('sh', ['-c', `${program}\n${line} 2>&1`], { env, cwd: home })
  return stdout
}

/** A folder of two inputs in the home of the command line. */
async function inputsIn({ home }: Cli): Promise<void> {
  await mkdir(join(home, 'notes', 'more'), { recursive: true })
  await writeFile(join(home, 'notes', 'one.txt'), 'one\n')
  await writeFile(join(home, 'notes', 'more', 'two.txt'), 'two\n')
}

/** The script of docs/generate.md, and its session: each command with what it prints. */
function documented() {
  const [, script = '', session = ''] =
    /```sh\n([^`]+)```[^`]+[^]*?```\n(\$ [^]+?)```/.exec(readDocument('docs/generate.md')) ?? []
  const commands = session.split(/^\$ /m).filter((part) => part !== '')
  return {
    script,
    session: commands.map((part) => {
      const end = part.indexOf('\n')
      return { command: part.slice(0, end), output: part.slice(end + 1) }
    }),
  }
}

/**
 * Its lines without what differs from run to run: ids, durations, the worker, how the program is
 * called, and whether a line of the log or an event arrives first.
 */
const steady = (text: string): readonly string[] =>
  text
    .replaceAll(/\b[0-9a-f]{12}\b/g, 'ID')
    .replaceAll(/\b[\d.]+ m?s\b/g, 'TIME')
    .replaceAll(/on worker .*/g, 'on a worker')
    .replaceAll(/^ {2}next: .*\n/gm, '')
    .replaceAll(/ to \/.*\/made$/gm, ' to made')
    .split('\n')
    .toSorted()

describe('a generate job from the command line', () => {
  it('does what docs/generate.md shows, line for line', async () => {
    const cli = await cliInEmptyHome()
    await inputsIn(cli)
    const { script, session } = documented()
    await writeFile(join(cli.home, 'count.sh'), script)
    await cli.startUp()
    expect(session).toHaveLength(3)

    let id = ''
    for (const { command, output } of session) {
      const typed = command.replaceAll(/\b[0-9a-f]{12}\b/g, id)
      const said = await inShell(cli, typed)
      id ||= said.slice(0, 12)
      expect(steady(said)).toEqual(steady(output))
    }
  })

  it('says which files of a folder are no inputs', async () => {
    const cli = await cliInEmptyHome()
    await inputsIn(cli)
    await writeFile(join(cli.home, 'notes', '.secret'), 'x')
    await cli.startHub()
    const { stderr } = await cli.run(['submit', 'generate', '--input', 'notes', '--', 'true'])
    expect(stderr).toContain('These files are not uploaded: .secret (hidden)\n')
  })

  it('is refused before anything is sent when its program or its request is missing or wrong', async () => {
    const cli = await cliInEmptyHome()
    const without = await cli.run(['submit', 'generate'])
    expect([without.code, without.stderr]).toEqual([
      2,
      expect.stringContaining('submit generate needs a program after two dashes'),
    ])
    const wrong = await cli.run(['submit', 'generate', '--request', '{', '--', 'true'])
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      expect.stringContaining('--request is not valid JSON: '),
    ])
    const pattern = await cli.run(['submit', 'generate', '--require', '../x', '--', 'true'])
    expect([pattern.code, pattern.stderr]).toEqual([2, expect.stringContaining('--require: ')])
  })
})

describeNeeding(['patience'], 'a code job from the command line', () => {
  it('brings a file along, too', async () => {
    const cli = await cliInEmptyHome()
    const { remote } = await makeRemote(join(cli.home, 'git'))
    await inputsIn(cli)
    await cli.startUp(['--allow-local'])
    const submit = ['submit', '--wait', '--agent', 'command', '--repo', remote, 'Do it']
    const script = `cp "$(grep -o '/[^ ]*/inputs')/one.txt" copy`
    const shown = await cli.run([...submit, '--input', 'notes/one.txt', '--', 'sh', '-c', script])
    expect(shown.code).toBe(0)
    const patch = await cli.run(['artifacts', 'get', shown.stdout.slice(0, 12), 'change.patch'])
    expect(patch.stdout).toContain('+one')
  })
})

describeNeeding(['bubblewrap', 'linux', 'patience'], 'a generate job of a confined worker', () => {
  it('ends as one without a sandbox does', async () => {
    const cli = await cliInEmptyHome()
    await inputsIn(cli)
    await cli.startUp(['--sandbox', 'required'])
    const submit = ['submit', 'generate', '--wait', '--input', 'notes', '--request', '{"a":1}']
    const script = 'cat > asked.json; cp -r "$MILLWRIGHT_INPUTS" copy; chmod -R u+w copy'
    const check = ['--check', 'same=diff -r copy "$MILLWRIGHT_INPUTS"']
    const shown = await cli.run([...submit, ...check, '--', 'sh', '-c', script])
    expect(shown.stdout).toContain('check same passed')
    expect([shown.code, shown.stdout]).toEqual([0, expect.stringContaining('3 files, 15 B')])
  })
})
