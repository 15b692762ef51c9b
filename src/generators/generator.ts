import type { ModelDoor } from '../domain/agent.ts'
import type { Progress } from '../domain/event.ts'
import type { Launch } from '../domain/launch.ts'

/** What a generator has to make, and where. */
export type GeneratorTask = {
  /** Any JSON value; undefined when the job has no request. */
  readonly request: unknown
  /** The file that contains the request as JSON; missing when there is none. */
  readonly requestFile: string
  /** The folder of the job's inputs, which is read-only. */
  readonly inputs: string
  /** The folder for the files that it makes; empty at the start. */
  readonly outputs: string
  readonly home: string
  readonly jobId: string
  readonly door: ModelDoor | null
}

/** How a generator starts programs, and where its output goes. */
export type GeneratorIo = {
  readonly launch: Launch
  /** PATH for programs. */
  readonly path: string
  /** Receives everything that it prints, in chunks. */
  readonly onOutput: (text: string) => void
  readonly onProgress: (progress: Progress) => void
}

/**
 * Makes files from a request. When `signal` aborts, it stops what it started and then throws the
 * signal's reason; files written so far remain. Throws `StepFailed` with `generator-failed`.
 */
export type Generate = (task: GeneratorTask, io: GeneratorIo, signal: AbortSignal) => Promise<void>
