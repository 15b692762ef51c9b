import { z } from 'zod'
import type { ModelDoor, ModelRefusal } from './agent.ts'
import type { Checkpoint, WorkerEvent } from './event.ts'
import type { Launch } from './launch.ts'
import type { Outcome } from './outcome.ts'
import type { PublicationIntent } from './publication.ts'
import type { Earlier, Work } from './work.ts'

/** Longest line of a log, in bytes; longer ones are truncated. */
export const LINE_BYTES_MAX = 64 * 1024

/** Log streams, and the artifact that each complete stream becomes when the attempt ends. */
export const STREAMS = [
  { stream: 'transcript', name: 'transcript.jsonl', mediaType: 'application/jsonl' },
  { stream: 'output', name: 'agent-output.log', mediaType: 'text/plain' },
  { stream: 'checks', name: 'checks.log', mediaType: 'text/plain' },
] as const
export const LogStream = z.enum(STREAMS.map(({ stream }) => stream))
export type LogStream = z.infer<typeof LogStream>

/** Largest append to a log, in bytes. */
export const LOG_SEGMENT_BYTES_MAX = 1024 * 1024

/** A file to keep as an artifact. */
export type FileArtifact = {
  readonly name: string
  readonly mediaType: string
  readonly file: string
  /** Lower-case hex SHA-256; when given, the file must still have it when it is uploaded. */
  readonly digest?: string
}

/** An artifact to keep: a file on disk, or a text in memory. */
export type ArtifactSource =
  | FileArtifact
  | { readonly name: string; readonly mediaType: string; readonly text: string }

/**
 * How an attempt reports to its hub. Everything is sent in order and retried until it is
 * acknowledged. Every method throws `Stopped` once the attempt must stop.
 */
export type AttemptReport = {
  /** Queues an event. The hub has it before the settlement. */
  tell(event: WorkerEvent): void
  /** Appends to a log. Writes to disk before it returns, so pending output is not held in memory. */
  log(stream: LogStream, text: string): void
  /**
   * Queues an artifact, whose file must not change afterwards. The hub has it before the settlement,
   * unless its upload takes longer than 30 s after a cancel or a limit: then a note names it.
   */
  keep(artifact: ArtifactSource): void
  /**
   * Records a finished step once the hub has all artifacts kept so far. Returns false and records
   * nothing when the hub refused one of them.
   */
  checkpoint(checkpoint: Checkpoint): Promise<boolean>
  /** Resolves when the intent is recorded; throws `Stopped` when a cancel was recorded first. */
  intend(intent: PublicationIntent): Promise<void>
  /** Downloads an input of the job into a file; throws the signal's reason. */
  fetchInput(name: string, file: string, signal: AbortSignal): Promise<void>
  /** Downloads an artifact of the job that this one continues; throws the signal's reason. */
  fetchContinued(name: string, file: string, signal: AbortSignal): Promise<void>
  /** Downloads an artifact of an earlier attempt of this job; throws the signal's reason. */
  fetchKept(attempt: number, name: string, file: string, signal: AbortSignal): Promise<void>
}

/** One attempt, as the steps of a kind see it. */
export type Attempt = {
  readonly work: Work
  readonly earlier: Earlier
  /** The number of this attempt, from 1. */
  readonly number: number
  /** The attempt's own folder on this worker; empty at the start, removed at the end. */
  readonly folder: string
  readonly report: AttemptReport
  /** Starts programs inside the sandbox. */
  readonly launch: Launch
  /** Must be in the environment of every program started without `launch`, so that the guard can kill it. */
  readonly marker: string
  /** Access to a model; null when this worker has none. */
  readonly door: ModelDoor | null
  /** How the model refused this attempt's last request; null when it answered or got no request. */
  refusal(): Promise<ModelRefusal | null>
  /** Milliseconds since the epoch by the wall clock, for records; not for measuring durations. */
  now(): number
  /** Runs one named step. Reports its start and end, and checks the signal first. */
  step<Value>(name: string, run: () => Promise<Value>): Promise<Value>
  /** Stops the attempt when `run` does not call `alive()` for limits.idleMs. */
  watched<Value>(run: (alive: () => void) => Promise<Value>): Promise<Value>
  /** Bounds the time for keeping partial work after a stop. Aborts at its end, or on a lost lease. */
  grace(): AbortSignal
}

/**
 * Runs one attempt at a job, from an empty folder to an outcome. Throws `StepFailed` for expected
 * failures, and rethrows `Stopped` after it has kept the partial work.
 */
export type RunKind = (attempt: Attempt, signal: AbortSignal) => Promise<Outcome>

/** What a dead attempt left on this worker. */
export type LeftAttempt = Pick<Attempt, 'folder' | 'marker'>

/** A kind of job, as the worker sees it. */
export type WorkKind = {
  readonly run: RunKind
  /** Returns the partial work in the folder of an attempt whose worker died. */
  salvage(left: LeftAttempt, signal: AbortSignal): Promise<readonly FileArtifact[]>
  /** Removes an attempt's folder and what the kind stored for it elsewhere. */
  remove(folder: string): Promise<void>
  /** Evicts from the kind's caches until they are within their limits. Returns the bytes freed. */
  tidy(signal: AbortSignal): Promise<number>
}
