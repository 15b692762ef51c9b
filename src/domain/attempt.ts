import { z } from 'zod'
import type { ModelDoor, ModelRefusal } from './agent.ts'
import type { Checkpoint, WorkerEvent } from './event.ts'
import type { Launch } from './launch.ts'
import type { Outcome } from './outcome.ts'
import type { PublicationIntent } from './publication.ts'
import type { Earlier, Work } from './work.ts'

/** Maximum length of a log line, in bytes; longer lines are truncated. */
export const LINE_BYTES_MAX = 64 * 1024

/** An attempt's log streams. When the attempt ends, each becomes an artifact called `name`. */
export const STREAMS = [
  { stream: 'transcript', name: 'transcript.jsonl', mediaType: 'application/jsonl' },
  { stream: 'output', name: 'agent-output.log', mediaType: 'text/plain' },
  { stream: 'checks', name: 'checks.log', mediaType: 'text/plain' },
] as const
export const LogStream = z.enum(STREAMS.map(({ stream }) => stream))
export type LogStream = z.infer<typeof LogStream>

/** Maximum size of one append to a log, in bytes. */
export const LOG_SEGMENT_BYTES_MAX = 1024 * 1024

/** A file to keep as an artifact. */
export type FileArtifact = {
  readonly name: string
  readonly mediaType: string
  readonly file: string
  /**
   * Lower-case hex SHA-256 of the file. If set, the file must still have this digest when it is
   * uploaded.
   */
  readonly digest?: string
}

/** An artifact to keep: a file on disk, or text in memory. */
export type ArtifactSource =
  | FileArtifact
  | { readonly name: string; readonly mediaType: string; readonly text: string }

/**
 * Sends an attempt's events, logs and artifacts to the hub, in order, and retries until the hub
 * acknowledges them. Every method throws `Stopped` once the attempt must stop.
 */
export type AttemptReport = {
  /** Queues an event, which the hub receives before the settlement. */
  tell(event: WorkerEvent): void
  /** Appends to a log. Writes to disk before it returns, so that unsent output does not fill memory. */
  log(stream: LogStream, text: string): void
  /**
   * Queues an artifact, which the hub receives before the settlement. The artifact's file must not
   * change afterwards. If a cancel request or a limit stopped the attempt, the uploads of files are
   * abandoned 30 s after the stop, and a note names each artifact that was not uploaded.
   */
  keep(artifact: ArtifactSource): void
  /**
   * Records a finished step once the hub has stored all artifacts kept so far. If the hub refused one
   * of these artifacts, records nothing and returns false.
   */
  checkpoint(checkpoint: Checkpoint): Promise<boolean>
  /** Records the intent to publish. Throws `Stopped` if the hub recorded a cancel request first. */
  intend(intent: PublicationIntent): Promise<void>
  /** Downloads an input of the job into `file`. Throws the signal's reason when it aborts. */
  fetchInput(name: string, file: string, signal: AbortSignal): Promise<void>
  /** Downloads an artifact of the earlier job that this job continues. Throws like `fetchInput`. */
  fetchContinued(name: string, file: string, signal: AbortSignal): Promise<void>
  /** Downloads an artifact of an earlier attempt at this job. Throws like `fetchInput`. */
  fetchKept(attempt: number, name: string, file: string, signal: AbortSignal): Promise<void>
}

/** One attempt, as the code of a kind sees it. */
export type Attempt = {
  readonly work: Work
  readonly earlier: Earlier
  /** The attempt's number, counted from 1. */
  readonly number: number
  /** The attempt's own folder on this worker; empty at the start, removed at the end. */
  readonly folder: string
  readonly report: AttemptReport
  /** Starts programs inside the sandbox. */
  readonly launch: Launch
  /**
   * The value of the environment variable MILLWRIGHT_ATTEMPT in all programs of the attempt. The
   * guard uses the variable to find the programs that it must kill. `launch` sets the variable.
   * Other code that starts a program must set it too.
   */
  readonly marker: string
  /** Access to a model; null if this worker has none. */
  readonly door: ModelDoor | null
  /** Why the model failed to answer the attempt's last request; null if the model did not fail. */
  refusal(): Promise<ModelRefusal | null>
  /**
   * Reports that the attempt has reached the resource with this `Resource.key`. If the resource was
   * closed, the hub opens it again for all jobs.
   */
  reached(key: string): void
  /**
   * The wall clock, in milliseconds since the epoch. The clock can jump, so do not measure
   * durations with it.
   */
  now(): number
  /**
   * Runs a named step, and reports when the step starts and finishes. If the attempt must stop,
   * throws `Stopped` instead of starting the step.
   */
  step<Value>(name: string, run: () => Promise<Value>): Promise<Value>
  /**
   * Runs `run`. Stops the attempt if `run` does not call `alive()` for `limits.idleMs`
   * milliseconds.
   */
  watched<Value>(run: (alive: () => void) => Promise<Value>): Promise<Value>
  /**
   * Returns a signal for the code that keeps partial work. The signal aborts after 30 s, or earlier
   * if the lease is lost or the worker must exit now.
   */
  grace(): AbortSignal
}

/**
 * Runs one attempt at a job, from an empty folder to an outcome. Throws `StepFailed` for expected
 * failures, and rethrows `Stopped` after it has kept the partial work.
 */
export type RunKind = (attempt: Attempt, signal: AbortSignal) => Promise<Outcome>

/** What an attempt left on this worker when the worker died. */
export type LeftAttempt = Pick<Attempt, 'folder' | 'marker'>

/** The hub adds this prefix to the names of files that were salvaged from a dead attempt. */
export const SALVAGE = 'salvage.'

/** Partial work in an attempt's folder after its worker died. */
export type LeftWork = {
  readonly files: readonly FileArtifact[]
  /**
   * The checkpoint from which the next attempt continues after the files are uploaded; null if no
   * attempt can continue the work. Contains the names of the uploaded files, which begin with SALVAGE.
   */
  readonly checkpoint: Checkpoint | null
}

/** What a worker can do with jobs of a kind. */
export type WorkKind = {
  readonly run: RunKind
  /** Reads the partial work that an attempt left behind when its worker died. */
  salvage(left: LeftAttempt, signal: AbortSignal): Promise<LeftWork>
  /** Removes an attempt's folder and what the kind stored for it elsewhere. */
  remove(folder: string): Promise<void>
  /**
   * Removes entries from the kind's caches until the caches are within their limits. Returns the
   * number of bytes freed.
   */
  tidy(signal: AbortSignal): Promise<number>
}
