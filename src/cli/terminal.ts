import type { Readable, Writable } from 'node:stream'
import type { Environment } from '../config/read.ts'

/** Input and output of one run of the program. */
export type Terminal = {
  /** Without the program's name. */
  readonly argv: readonly string[]
  readonly env: Environment
  readonly cwd: string
  readonly stdin: Readable
  /** Results. */
  readonly stdout: Writable
  /** Messages, warnings and the status line. */
  readonly stderr: Writable
  /** Whether each stream is a terminal. */
  readonly isTTY: { readonly stdout: boolean; readonly stderr: boolean }
}
