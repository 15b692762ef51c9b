import type { Readable, Writable } from 'node:stream'

/** A program to start. No shell is involved: argv is passed unchanged. */
export type Command = {
  readonly argv: readonly [string, ...string[]]
  readonly cwd: string
  /** The complete environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>
  /** Folders it may write to; everything else is read-only or hidden. */
  readonly writable: readonly string[]
  /** Folders it may read although the sandbox hides their parents. */
  readonly readable: readonly string[]
}

/** How a program ended. */
export type Exit = { readonly code: number | null; readonly killSignal: NodeJS.Signals | null }

/** A running program and all its descendants. */
export type Child = {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Resolves when the program and all its descendants have ended. Never rejects. */
  readonly exit: Promise<Exit>
  /** Sends SIGINT, waits `graceMs`, sends SIGKILL to the whole tree. Resolves when all have ended. */
  stop(graceMs: number): Promise<Exit>
}

/**
 * Starts a program, in the worker's sandbox if it has one. Rooms that start programs get this function
 * as an argument, so that only `src/compose/` knows the sandbox. Throws AppError
 * `program-unstartable` when the program is missing or cannot be executed.
 */
export type Launch = (command: Command) => Promise<Child>
