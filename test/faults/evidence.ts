import type { JobEvent } from '../../src/domain/event.ts'
import type { JobId } from '../../src/domain/id.ts'
import type { Input } from '../../src/domain/input.ts'
import type { Job } from '../../src/domain/job.ts'
import type { ReasonCode } from '../../src/domain/reasons.ts'

/** Lower-case hex SHA-256 of files, by name. */
export type Digests = Readonly<Record<string, string>>

/** What a client asked for, and what it was told. The title is its own and unique. */
export type Asked = {
  readonly title: string
  /** null while no submission was answered. */
  readonly acknowledged: JobId | null
  /** How the job may end. */
  readonly ends: readonly Job['state'][]
  /** A reason for which at least one of its attempts must end; null for none. */
  readonly meets: ReasonCode | null
  /** Text that the published work contains. */
  readonly holds: string
  /** What it brings along. */
  readonly inputs: Digests
  /** What a generator must make; nothing for a job of another kind. */
  readonly outputs: Digests
  /** Every moment until which its submitter has asked for its hold; none for a job without one. */
  readonly hold: readonly Extension[]
}

/** In milliseconds since the epoch: until when a hold was to last, and when that was first asked for. */
export type Extension = { readonly until: number; readonly askedAt: number }

/** A push that the remote took, as its own hook wrote it down; `at` in milliseconds since the epoch. */
export type Push = { readonly branch: string; readonly commit: string; readonly at: number }

/** A message that the receiver of callbacks was told, as often as it was told. */
export type Told = {
  readonly id: string
  readonly job: string
  /** The event it tells of. */
  readonly seq: number
  readonly event: string
  readonly body: string
}

/** A listed artifact, and the digest of the bytes that the hub answers; null when it cannot be read. */
export type Artifact = {
  readonly attempt: number
  readonly name: string
  readonly digest: string | null
}

/** All that is known from outside once everything is quiet. */
export type Facts = {
  readonly asked: readonly Asked[]
  readonly jobs: readonly Job[]
  readonly events: ReadonlyMap<JobId, readonly JobEvent[]>
  /** Jobs whose row is not what their events say. */
  readonly differing: readonly string[]
  /** What each job names as its inputs. */
  readonly inputs: ReadonlyMap<JobId, readonly Input[]>
  readonly artifacts: ReadonlyMap<JobId, readonly Artifact[]>
  readonly pushes: readonly Push[]
  /** Commit of each branch on the remote. */
  readonly tips: ReadonlyMap<string, string>
  /** The work on each branch of the remote. */
  readonly works: ReadonlyMap<string, string>
  readonly told: readonly Told[]
  /** What was kept, listed or taken as an upload, and cannot be had whole. */
  readonly unreadable: readonly string[]
  /** Processes, folders, reports, pins and rows that no running attempt has a use for. */
  readonly left: readonly string[]
}

/** What must not be, in words; nothing in any list is what is promised. */
export type Verdict = {
  readonly lost: readonly string[]
  readonly duplicated: readonly string[]
  readonly staleAccepted: readonly string[]
  readonly orphaned: readonly string[]
}
