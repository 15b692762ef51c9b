import type { Readable, Writable } from 'node:stream'

/** A program to start. No shell is involved: argv is passed unchanged. */
export type Command = {
  readonly argv: readonly [string, ...string[]]
  readonly cwd: string
  /** The complete environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>
  /**
   * Folders that the program may write to. In a sandbox, all other folders are read-only or hidden.
   */
  readonly writable: readonly string[]
  /** Folders that the program may read even if the sandbox hides their parent folders. */
  readonly readable: readonly string[]
}

/** How a program exited. */
export type Exit = { readonly code: number | null; readonly killSignal: NodeJS.Signals | null }

/** A running program and all its descendants. */
export type Child = {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Resolves when the program and all its descendants have exited. Never rejects. */
  readonly exit: Promise<Exit>
  /**
   * Sends SIGINT, waits `graceMs`, then sends SIGKILL to the whole process tree. Resolves when all its
   * processes have exited.
   */
  stop(graceMs: number): Promise<Exit>
}

/**
 * Starts a program, in a sandbox if the worker has one. Code that starts programs gets this function as
 * an argument, so that only `src/compose/` depends on the sandbox. Throws AppError
 * `program-unstartable` if the program is missing or cannot be executed.
 */
export type Launch = (command: Command) => Promise<Child>
