import type { ModelDoor } from '../domain/agent.ts'
import type { Progress } from '../domain/event.ts'
import type { Launch } from '../domain/launch.ts'

/** What a generator is asked to make, and where. */
export type GeneratorTask = {
  /** Any JSON value; undefined when the job has none. */
  readonly request: unknown
  /** The same as a file. */
  readonly requestFile: string
  /** The job's inputs; the generator only reads them. */
  readonly inputs: string
  /** Where it writes what it makes; empty at the start. */
  readonly outputs: string
  readonly home: string
  readonly jobId: string
  readonly door: ModelDoor | null
}

/** What a generator works with, and where its words go. */
export type GeneratorIo = {
  readonly launch: Launch
  /** Where programs are looked for. */
  readonly path: string
  /** All that it prints, in pieces as they come. */
  readonly onOutput: (text: string) => void
  readonly onProgress: (progress: Progress) => void
}

/**
 * Makes files from a request. When `signal` aborts, it stops all it started and then throws the
 * signal's reason; what was written so far stays. Throws `StepFailed` with `generator-failed`.
 */
export type Generate = (task: GeneratorTask, io: GeneratorIo, signal: AbortSignal) => Promise<void>
