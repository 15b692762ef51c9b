import type { Readable, Writable } from 'node:stream'
import type { Environment } from '../config/read.ts'

/** The outside of one call of the program: what it was given and where it may write. */
export type Terminal = {
  /** Without the program's own name. */
  readonly argv: readonly string[]
  readonly env: Environment
  readonly cwd: string
  readonly stdin: Readable
  /** Results. */
  readonly stdout: Writable
  /** Messages, warnings, the progress line. */
  readonly stderr: Writable
  /** Whether a person looks at each of the two. */
  readonly isTTY: { readonly stdout: boolean; readonly stderr: boolean }
}
