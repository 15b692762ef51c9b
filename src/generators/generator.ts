import type { ModelDoor } from '../domain/agent.ts'
import type { Progress } from '../domain/event.ts'
import type { Launch } from '../domain/launch.ts'

/** What a generator has to make, and where. */
export type GeneratorTask = {
  /** Any JSON value; undefined if the job has no request. */
  readonly request: unknown
  /** File with the request as JSON. It does not exist if the job has no request. */
  readonly requestFile: string
  /** The folder with the job's inputs; read-only. */
  readonly inputs: string
  /** The folder for the files that the generator makes; empty at the start. */
  readonly outputs: string
  /** The folder that programs get as HOME. */
  readonly home: string
  readonly jobId: string
  readonly door: ModelDoor | null
}

/** How a generator starts programs, and where its output goes. */
export type GeneratorIo = {
  readonly launch: Launch
  /** Value of PATH for the programs that the generator starts. */
  readonly path: string
  /** Receives everything that the generator prints, in chunks. */
  readonly onOutput: (text: string) => void
  readonly onProgress: (progress: Progress) => void
}

/**
 * Makes files from a request. Throws `StepFailed` with `generator-failed` if that fails. When
 * `signal` aborts, stops the programs that it started and throws the signal's reason; files written
 * so far remain.
 */
export type Generate = (task: GeneratorTask, io: GeneratorIo, signal: AbortSignal) => Promise<void>
