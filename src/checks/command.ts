import type { Readable } from 'node:stream'
import type { Exit, Launch } from '../domain/launch.ts'
import type { Verdict } from '../domain/verdict.ts'
import type { Clock } from '../platform/clock.ts'
import { Findings } from './findings.ts'

/** Time between SIGINT and SIGKILL, in milliseconds. Short, because a check has nothing to save. */
const GRACE_MS = 1000

/** A program whose exit code is the verdict: 0 means passed. */
export type CommandCheck = {
  readonly name: string
  /** Id of the tree that the check judges. Copied into the verdict. */
  readonly judges: string
  readonly run: readonly [string, ...string[]]
  readonly timeoutMs: number
  /** Path of the folder with the checked-out tree. The program runs there and may write to it. */
  readonly tree: string
  readonly env: Readonly<Record<string, string>>
  /** Paths of other folders to which the program may write, such as its HOME. */
  readonly writable: readonly string[]
  readonly readable: readonly string[]
  readonly clock: Clock
}

/**
 * Runs a check. If the program fails, times out or is killed, the verdict is failed. If the signal
 * aborts, throws its reason after the program and its descendants have exited.
 * @param onOutput receives stdout and stderr while the check runs
 */
export async function runCommandCheck(
  check: CommandCheck,
  launch: Launch,
  onOutput: (text: string) => void,
  signal: AbortSignal,
): Promise<Verdict> {
  signal.throwIfAborted()
  const { name, run, tree, env, readable, clock } = check
  const from = clock.monotonic()
  const child = await launch({
    argv: run,
    cwd: tree,
    env,
    writable: [tree, ...check.writable],
    readable,
  })
  let late = false
  const stop = () => void child.stop(GRACE_MS)
  const timer = setTimeout(() => {
    late = true
    stop()
  }, check.timeoutMs)
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    child.stdin.end()
    const findings = new Findings()
    const [exit] = await Promise.all([
      child.exit,
      forward(child.stdout, [onOutput, findings.reader()]),
      forward(child.stderr, [onOutput, findings.reader()]),
    ])
    signal.throwIfAborted()
    const ending = late ? `took longer than ${check.timeoutMs} ms` : describe(exit)
    // Remove the checkout's path, because it is useless outside this machine.
    const said = findings.take().replaceAll(`${tree}/`, '')
    return {
      check: name,
      tree: check.judges,
      passed: ending === null,
      findings: [said, ...(ending === null ? [] : [`${name}: ${ending}`])].join('\n\n').trim(),
      durationMs: Math.round(clock.monotonic() - from),
      exitCode: exit.code,
    }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}

async function forward(
  stream: Readable,
  listeners: readonly ((text: string) => void)[],
): Promise<void> {
  stream.setEncoding('utf8')
  for await (const text of stream) for (const listen of listeners) listen(String(text))
}

const describe = ({ code, killSignal }: Exit): string | null =>
  code === 0 ? null : code === null ? `killed by ${killSignal}` : `exit code ${code}`
