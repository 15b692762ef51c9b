import { z } from 'zod'
import type { ModelDoor, ModelRefusal } from './agent.ts'
import type { Checkpoint, WorkerEvent } from './event.ts'
import type { Launch } from './launch.ts'
import type { Outcome } from './outcome.ts'
import type { PublicationIntent } from './publication.ts'
import type { Earlier, Work } from './work.ts'

/** Longest line of a log that is kept, in bytes. */
export const LINE_BYTES_MAX = 64 * 1024

/** Streams, and the names under which the whole of each is kept when the attempt ends. */
export const STREAMS = [
  { stream: 'transcript', name: 'transcript.jsonl', mediaType: 'application/jsonl' },
  { stream: 'output', name: 'agent-output.log', mediaType: 'text/plain' },
  { stream: 'checks', name: 'checks.log', mediaType: 'text/plain' },
] as const
export const LogStream = z.enum(STREAMS.map(({ stream }) => stream))
export type LogStream = z.infer<typeof LogStream>

/** Largest append to a log, in bytes. */
export const LOG_SEGMENT_BYTES_MAX = 1024 * 1024

/** A file to keep under a name. */
export type FileArtifact = {
  readonly name: string
  readonly mediaType: string
  readonly file: string
  /** Lower-case hex SHA-256 that the file must still have when it is sent; absent: any. */
  readonly digest?: string
}

/** Bytes to keep: a file on disk, or a text at hand. */
export type ArtifactSource =
  | FileArtifact
  | { readonly name: string; readonly mediaType: string; readonly text: string }

/**
 * How an attempt reports to whoever keeps its job. Everything is sent in order, and sent again until
 * it is answered; once the attempt is no longer wanted every method throws `Stopped`.
 */
export type AttemptReport = {
  /** Queues an event; it is on the hub before the settlement. */
  tell(event: WorkerEvent): void
  /** Appends to a log. It is in the attempt's folder when this returns, so nothing piles up. */
  log(stream: LogStream, text: string): void
  /**
   * Queues an artifact; its file must not change any more. The hub has it before the settlement,
   * unless sending it takes longer than 30 s after a cancel or a limit: then a note names it.
   */
  keep(artifact: ArtifactSource): void
  /**
   * Records a finished step once the hub has everything kept so far. Answers false, and records
   * nothing, when the hub refused some of it.
   */
  checkpoint(checkpoint: Checkpoint): Promise<boolean>
  /** Resolves when the intent is recorded; throws `Stopped` when a cancel came first. */
  intend(intent: PublicationIntent): Promise<void>
  /** Downloads an input of the job into a file; throws the signal's reason. */
  fetchInput(name: string, file: string, signal: AbortSignal): Promise<void>
  /** Downloads an artifact of the job this one continues into a file; throws the signal's reason. */
  fetchContinued(name: string, file: string, signal: AbortSignal): Promise<void>
  /** Downloads an artifact of an earlier attempt of this job into a file; throws the signal's reason. */
  fetchKept(attempt: number, name: string, file: string, signal: AbortSignal): Promise<void>
}

/** One attempt, as a kind's steps see it. */
export type Attempt = {
  readonly work: Work
  readonly earlier: Earlier
  /** Counts the attempts at this work from 1. */
  readonly number: number
  /** The attempt's own folder on this worker; empty at the start, removed at the end. */
  readonly folder: string
  readonly report: AttemptReport
  /** Starts programs inside the sandbox. */
  readonly launch: Launch
  /** The mark to put on every program that is started otherwise, by which a guard ends it. */
  readonly marker: string
  /** The way to a model, or null when this worker has none. */
  readonly door: ModelDoor | null
  /** How the model refused the last question of this attempt; null when it answered, or was not asked. */
  refusal(): Promise<ModelRefusal | null>
  /** Milliseconds since the epoch, for what is written down. */
  now(): number
  /** Runs one named step: tells of its start and end, and checks the signal before it. */
  step<Value>(name: string, run: () => Promise<Value>): Promise<Value>
  /** Runs what must show signs of life: stops the attempt after limits.idleMs without `alive()`. */
  watched<Value>(run: (alive: () => void) => Promise<Value>): Promise<Value>
  /** For keeping the work after a stop: aborts when the time for that is over or the lease is lost. */
  grace(): AbortSignal
}

/**
 * What a worker can do with a job: from an empty folder to an outcome. Throws `StepFailed` for
 * expected failures and lets `Stopped` through after it has kept the work so far.
 */
export type RunKind = (attempt: Attempt, signal: AbortSignal) => Promise<Outcome>

/** What a dead attempt left on this worker. */
export type LeftAttempt = Pick<Attempt, 'folder' | 'marker'>

/** A kind, as the worker knows it. */
export type WorkKind = {
  readonly run: RunKind
  /** What can still be kept of the folder that a dead attempt left behind. */
  salvage(left: LeftAttempt, signal: AbortSignal): Promise<readonly FileArtifact[]>
  /** Removes an attempt's folder and whatever the kind holds for it elsewhere. */
  remove(folder: string): Promise<void>
  /** Brings what it keeps between attempts within its limits; answers the bytes of disk it freed. */
  tidy(signal: AbortSignal): Promise<number>
}
