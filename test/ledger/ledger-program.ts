import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'

export type LedgerProgram = {
  readonly pid: number
  /** The lines of its output. */
  readonly lines: AsyncIterableIterator<string>
  /** kill -9; resolves when the process has exited. Returns the signal that ended it, or null. */
  kill(): Promise<NodeJS.Signals | null>
}

/** Starts a program of this folder; it is killed after the test at the latest. */
export function startProgram(name: string, ...args: readonly string[]): LedgerProgram {
  const child = spawn(process.execPath, [join(import.meta.dirname, name), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const kill = () => ended(child)
  onTestFinished(async () => void (await kill()))
  if (child.pid === undefined) throw new Error(`${name} did not start`)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return { pid: child.pid, lines, kill }
}

async function ended(child: ChildProcess): Promise<NodeJS.Signals | null> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  return child.signalCode
}

/** The next line; throws when the program ended without one. */
export async function nextLine(program: LedgerProgram): Promise<string> {
  const line = await program.lines.next()
  if (line.done === true) throw new Error('the program ended without another line')
  return line.value
}
