import type { Readable, Writable } from 'node:stream'
import type { Environment } from '../config/read.ts'

/** The input and output of one run of the program. */
export type Terminal = {
  /** The arguments, without the program's name. */
  readonly argv: readonly string[]
  readonly env: Environment
  /** The user's current folder; paths on the command line are relative to it. */
  readonly cwd: string
  /** The command that starts this program from `cwd`, such as `npm run millwright --`. */
  readonly call: string
  readonly stdin: Readable
  /** Receives the results. */
  readonly stdout: Writable
  /** Receives messages, warnings and the status line. */
  readonly stderr: Writable
  /** Whether stdout and stderr are terminals. */
  readonly isTTY: { readonly stdout: boolean; readonly stderr: boolean }
}
