import type { Readable, Writable } from 'node:stream'

/** A program to start. Never a shell line: argv is passed as it is. */
export type Command = {
  readonly argv: readonly [string, ...string[]]
  readonly cwd: string
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>
  /** Folders it may write to; everything else is read-only or hidden. */
  readonly writable: readonly string[]
  /** Folders it may read although the sandbox hides their surroundings. */
  readonly readable: readonly string[]
}

/** How a program ended. */
export type Exit = { readonly code: number | null; readonly killSignal: NodeJS.Signals | null }

/** A running program together with everything it started. */
export type Child = {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Settles when the program and all its descendants are gone. Never rejects. */
  readonly exit: Promise<Exit>
  /** SIGINT, wait `graceMs`, SIGKILL for the whole tree. Resolves when nothing is left. */
  stop(graceMs: number): Promise<Exit>
}

/**
 * Starts a program, confined or not: rooms that start programs get this as an argument, and only
 * the composition root knows which sandbox is behind it. Throws AppError `program-unstartable`
 * when the program is missing or refused.
 */
export type Launch = (command: Command) => Promise<Child>
