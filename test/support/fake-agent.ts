// A scripted agent: `node fake-agent.ts '[{"do":"say","text":"hi"}]'`. It performs the deeds in order;
// each way in which an agent can misbehave is a deed.
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

const Bytes = z.int().min(0)
const Deed = z.discriminatedUnion('do', [
  /** One line on stdout, or on stderr. */
  z.strictObject({ do: z.literal('say'), text: z.string() }),
  z.strictObject({ do: z.literal('complain'), text: z.string() }),
  /** Prints the prompt from stdin, or from MILLWRIGHT_PROMPT. */
  z.strictObject({ do: z.literal('repeat-prompt'), from: z.enum(['stdin', 'environment']) }),
  /** Prints its environment, one `NAME=value` a line. */
  z.strictObject({ do: z.literal('tell-environment') }),

  z.strictObject({ do: z.literal('write'), path: z.string(), text: z.string() }),
  z.strictObject({ do: z.literal('delete'), path: z.string() }),
  z.strictObject({ do: z.literal('commit'), message: z.string() }),
  /** A symbolic link to any target. */
  z.strictObject({ do: z.literal('link'), path: z.string(), to: z.string() }),
  /** A nested repository inside the tree, with one commit of one file. */
  z.strictObject({ do: z.literal('nest-repository'), path: z.string() }),
  /** Makes the tree's own git settings and hooks run a shell command at every turn. */
  z.strictObject({ do: z.literal('poison-git'), command: z.string() }),

  /** Lines of 64 bytes, until this many bytes are printed. */
  z.strictObject({ do: z.literal('spam'), bytes: Bytes, stream: z.enum(['stdout', 'stderr']) }),
  /** One line without a newline. */
  z.strictObject({ do: z.literal('huge-line'), bytes: Bytes }),
  /** Lines that look like JSON, and bytes that are not UTF-8. */
  z.strictObject({ do: z.literal('bad-json') }),

  z.strictObject({ do: z.literal('ignore-signals') }),
  /** On SIGINT writes a file, then exits with 0. */
  z.strictObject({ do: z.literal('save-on-interrupt'), path: z.string() }),
  /** A child in its own session that ignores every signal it can. */
  z.strictObject({ do: z.literal('start-daemon') }),
  z.strictObject({ do: z.literal('hang') }),
  z.strictObject({ do: z.literal('crash'), signal: z.enum(['SIGKILL', 'SIGSEGV', 'SIGTERM']) }),
  z.strictObject({ do: z.literal('exit'), code: z.int().min(0).max(255) }),
])
type Deed = z.infer<typeof Deed>

/** The command that performs these deeds. */
export const fakeAgent = (...deeds: readonly Deed[]): [string, ...string[]] => [
  process.execPath,
  fileURLToPath(import.meta.url),
  JSON.stringify(deeds),
]

if (import.meta.main) {
  for (const deed of z.array(Deed).parse(JSON.parse(process.argv[2] ?? '[]'))) await act(deed)
}

async function act(deed: Deed): Promise<void> {
  switch (deed.do) {
    case 'say':
      return await print('stdout', `${deed.text}\n`)
    case 'complain':
      return await print('stderr', `${deed.text}\n`)
    case 'repeat-prompt':
      return await print('stdout', await prompt(deed.from))
    case 'tell-environment':
      for (const [name, value] of Object.entries(process.env)) {
        await print('stdout', `${name}=${value}\n`)
      }
      return
    case 'write':
      return write(deed.path, deed.text)
    case 'delete':
      return rmSync(deed.path, { recursive: true })
    case 'commit':
      return commit('.', deed.message)
    case 'link':
      return symlinkSync(deed.to, deed.path)
    case 'nest-repository':
      write(join(deed.path, 'nested.txt'), 'nested\n')
      git(deed.path, 'init', '--quiet')
      return commit(deed.path, 'nested')
    case 'poison-git':
      return poisonGit(deed.command)
    case 'spam':
      return await spam(deed.stream, deed.bytes)
    case 'huge-line':
      return await print('stdout', 'x'.repeat(deed.bytes))
    case 'bad-json':
      return await print('stdout', Buffer.from('{"type":\n{]}\n\xff\xfe\n', 'latin1'))
    case 'ignore-signals':
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})
      return
    case 'save-on-interrupt':
      process.on('SIGINT', () => {
        write(deed.path, 'saved\n')
        process.exit(0)
      })
      return
    case 'start-daemon':
      return await startDaemon()
    case 'hang':
      setInterval(() => {}, 2 ** 30)
      return await new Promise<void>(() => {})
    case 'crash':
      process.kill(process.pid, deed.signal)
      return await new Promise<void>(() => {})
    case 'exit':
      process.exit(deed.code)
  }
}

async function print(stream: 'stdout' | 'stderr', bytes: string | Uint8Array): Promise<void> {
  await new Promise<void>((resolve) => process[stream].write(bytes, () => resolve()))
}

async function prompt(from: 'stdin' | 'environment'): Promise<string> {
  return from === 'stdin' ? await text(process.stdin) : (process.env['MILLWRIGHT_PROMPT'] ?? '')
}

function write(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
}

function git(folder: string, ...args: readonly string[]): void {
  const author = ['-c', 'user.name=Fake Agent', '-c', 'user.email=fake@example.invalid']
  execFileSync('git', ['-C', folder, ...author, ...args], { stdio: 'ignore' })
}

function commit(folder: string, message: string): void {
  git(folder, 'add', '--all')
  git(folder, 'commit', '--quiet', '--allow-empty', '-m', message)
}

/** Each of these makes some git command run a program of the repository's choice. */
function poisonGit(command: string): void {
  const settings = [
    'core.fsmonitor',
    'core.sshCommand',
    'core.pager',
    'core.editor',
    'diff.external',
  ]
  for (const name of [
    ...settings,
    'filter.evil.clean',
    'filter.evil.smudge',
    'diff.evil.textconv',
  ]) {
    git('.', 'config', name, command)
  }
  write('.gitattributes', '* filter=evil diff=evil\n')
  for (const hook of ['pre-commit', 'post-checkout', 'pre-push', 'reference-transaction']) {
    write(`.git/hooks/${hook}`, `#!/bin/sh\n${command}\n`)
    chmodSync(`.git/hooks/${hook}`, 0o755)
  }
}

async function spam(stream: 'stdout' | 'stderr', bytes: number): Promise<void> {
  const block = `${'spam'.repeat(16).slice(1)}\n`.repeat(1024)
  for (let left = bytes; left > 0; left -= block.length) await print(stream, block.slice(0, left))
}

async function startDaemon(): Promise<void> {
  const script = 'trap "" INT TERM HUP QUIT USR1 USR2; echo up; while :; do sleep 1; done'
  const daemon = spawn('setsid', ['sh', '-c', script], {
    detached: true,
    // It keeps the agent's stdout open, as careless daemons do.
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise((resolve) => daemon.stdout.once('data', resolve))
  daemon.stdout.destroy()
  daemon.unref()
}
