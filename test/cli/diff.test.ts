import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { type Cli, cliInEmptyHome, PROGRAM } from '../support/cli.ts'
import { byHand, makeRemote } from '../support/repository.ts'
import { runHere } from '../support/run-here.ts'

const run = promisify(execFile)

/** Submits a job whose agent is a shell script, and waits for its end. Returns the job's id. */
async function jobOf(
  cli: Cli,
  remote: string,
  script: string,
  ...flags: readonly string[]
): Promise<string> {
  const job = ['submit', '--wait', '--agent', 'command', '--repo', remote, ...flags]
  const { stdout } = await runHere(cli, [...job, 'Do it', '--', 'sh', '-c', script])
  return stdout.slice(0, 12)
}

/** Runs a command as on a terminal with these variables, and returns what it prints there. */
const onTerminal = async (
  cli: Cli,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string> => (await runHere(cli, argv, { env, isTerminal: true })).stdout

const CHANGE =
  'printf "hello\\nworld\\n" > README.md; printf "\\000\\001\\377" > logo.bin; ' +
  'printf "/*\\033]*/ evil() /*\\r\\n" > "odd name"; chmod +x run.sh; rm old.txt'

it('a job’s change is shown on a terminal and can be applied from a pipe', async () => {
  const cli = await cliInEmptyHome()
  const files = { 'README.md': 'hello\n', 'run.sh': 'true\n', 'old.txt': 'old\n' }
  const { remote, clone } = await makeRemote(join(cli.home, 'git'), files)
  await cli.startUp(['--allow-local'])
  const id = await jobOf(cli, remote, CHANGE)

  const piped = await runHere(cli, ['diff', id])
  expect(piped).toMatchObject({ code: 0, stderr: '' })
  await run(
    'sh',
    ['-c', `"$@" | git -C '${clone}' apply`, 'sh', process.execPath, PROGRAM, 'diff', id],
    {
      env: { PATH: process.env['PATH'], HOME: cli.home },
    },
  )
  expect(await byHand(clone, 'status', '--porcelain')).toBe(
    ' M README.md\n D old.txt\n M run.sh\n?? logo.bin\n?? "odd name"',
  )
  expect(await readFile(join(clone, 'logo.bin'))).toEqual(Buffer.from([0, 1, 255]))

  const shown = await onTerminal(cli, ['diff', id], { PAGER: 'cat' })
  expect(shown).toContain('\u001B[32m+world\u001B[39m')
  expect(shown).toContain('(binary file)')
  expect(shown).toContain('+/*\u001B[7m^[\u001B[27m]*/ evil() /*\u001B[7m^M\u001B[27m')
  const plain = await onTerminal(cli, ['diff', id], { PAGER: '', NO_COLOR: '1' })
  expect(plain).toContain('+/*^[]*/ evil() /*^M\n')
  expect(plain).not.toContain('\u001B')

  const pages = join(cli.home, 'paged')
  expect(await onTerminal(cli, ['diff', id], { PAGER: `cat > ${pages}` })).toBe('')
  expect(await readFile(pages, 'utf8')).toBe(shown)
  expect(await onTerminal(cli, ['diff', id, '--no-pager'], { PAGER: 'false' })).toBe(shown)
})

it('the changed files are listed, and two attempts are compared', async () => {
  const cli = await cliInEmptyHome()
  const { remote } = await makeRemote(join(cli.home, 'git'))
  await cli.startUp(['--allow-local'])
  const count = join(cli.home, 'count')
  const script = `echo x >> ${count}; printf "same\\ntry $(wc -l < ${count})\\n" > file; exit 1`
  const id = await jobOf(cli, remote, script, '--max-failures', '2')

  expect((await runHere(cli, ['diff', id, '--stat'])).stdout).toBe(
    ' file | 2 ++\n 1 file changed, 2 insertions(+)\n',
  )
  expect((await runHere(cli, ['diff', id, '--name-only'])).stdout).toBe('file\n')
  expect((await runHere(cli, ['diff', id])).stdout).toContain('+try 2\n')
  expect((await runHere(cli, ['diff', id, '--attempt', '1'])).stdout).toContain('+try 1\n')
  expect((await runHere(cli, ['diff', id, '--attempts', '1..2'])).stdout).toBe(
    '== file\n  new file mode 100644\n  @@\n  +same\n- +try 1\n+ +try 2\n',
  )
  expect(JSON.parse((await runHere(cli, ['diff', id, '--json'])).stdout)).toEqual({
    files: [{ path: 'file', kind: 'added', isBinary: false, insertions: 2, deletions: 0 }],
  })
  expect(await runHere(cli, ['diff', id, '--attempt', '3'])).toMatchObject({
    code: 6,
    stderr: expect.stringContaining('has no change from attempt 3; attempts with a change: 2, 1'),
  })
  expect(await runHere(cli, ['diff', id, '--attempts', '1..2', '--stat'])).toMatchObject({
    code: 2,
  })
})

it('a job without a change says why', async () => {
  const cli = await cliInEmptyHome()
  const { remote } = await makeRemote(join(cli.home, 'git'))
  await cli.startUp(['--allow-local'])
  const id = await jobOf(cli, remote, 'true')
  expect(await runHere(cli, ['diff', id])).toMatchObject({
    code: 6,
    stdout: '',
    stderr: expect.stringContaining('has no change: the agent changed nothing'),
  })
  const go = join(cli.home, 'go')
  const wait = `echo waiting; until test -e ${go}; do sleep 0.05; done`
  const job = ['submit', '--wait', '--agent', 'command', '--repo', remote, 'Do it']
  const running = cli.start([...job, '--', 'sh', '-c', wait])
  const started = await running.printed(/waiting/)
  const [, other = ''] = /([0-9a-f]{12})/.exec(started) ?? []
  expect(await runHere(cli, ['diff', other])).toMatchObject({
    code: 6,
    stderr: expect.stringContaining('has no change yet: it is running'),
  })
})
