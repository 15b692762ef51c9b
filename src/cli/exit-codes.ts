import type { AppError } from '../domain/errors.ts'
import type { Job } from '../domain/job.ts'
import type { JobState } from '../domain/state.ts'
import type { Totals } from '../domain/totals.ts'

/** The exit codes of all commands. A code never changes its meaning, because scripts rely on it. */
export const EXIT_CODES = {
  ok: { code: 0, means: 'success; when a command waits for jobs, all of them succeeded' },
  jobFailed: { code: 1, means: 'the job, or at least one of several jobs, failed' },
  usage: { code: 2, means: 'the command line or the request is invalid' },
  unreachable: { code: 3, means: 'the hub does not answer' },
  jobCancelled: {
    code: 4,
    means: 'the job, or at least one of several jobs, was cancelled, and none failed',
  },
  refused: { code: 5, means: 'the token is missing or invalid, or lacks the required scope' },
  notFound: { code: 6, means: 'there is no such job, group, artifact, token or delivery' },
  jobPaused: { code: 7, means: 'the job is paused and waits for a person' },
  conflict: {
    code: 8,
    means: 'the request conflicts with the current state of the job or the hub',
  },
  cannotStart: {
    code: 9,
    means: 'the hub or worker cannot run because of its port, folder, sandbox or disk',
  },
  bug: { code: 70, means: 'a bug in Millwright' },
  wrongNode: { code: 78, means: 'this version of Node is too old' },
  interrupted: { code: 130, means: 'interrupted; the watched jobs continue' },
} as const

export type ExitName = keyof typeof EXIT_CODES
export type ExitCode = (typeof EXIT_CODES)[ExitName]['code']

/** The exit code for an expected error. Any other error is a bug, which has its own exit code. */
export function exitCodeOfError(error: AppError): ExitCode {
  return EXIT_CODES[exitNameOfError(error)].code
}

function exitNameOfError(error: AppError): ExitName {
  if (error.code === 'data-dir-busy') return 'cannotStart'
  if (error.code === 'hub-unreachable' || error.code === 'hub-stopping') return 'unreachable'
  if (error.status === 401 || error.status === 403) return 'refused'
  if (error.status === 404) return 'notFound'
  if (error.status === 409) return 'conflict'
  return error.status < 500 ? 'usage' : 'cannotStart'
}

/** The exit code of a command that stops watching a job in its current state. */
export const exitCodeOfJob = (job: Job): ExitCode => EXIT_CODES[EXIT_OF_STATE[job.state]].code

/**
 * The states, other than success, in which a command stops waiting for a job; the worst is first.
 */
const WORST_FIRST = ['failed', 'cancelled', 'paused'] as const

/** The exit code for the worst outcome of several jobs. */
export function exitCodeOfTotals({ jobs }: Totals): ExitCode {
  const worst = WORST_FIRST.find((state) => jobs[state] > 0)
  return EXIT_CODES[EXIT_OF_STATE[worst ?? 'succeeded']].code
}

const EXIT_OF_STATE: Record<JobState, ExitName> = {
  queued: 'ok',
  running: 'ok',
  paused: 'jobPaused',
  succeeded: 'ok',
  failed: 'jobFailed',
  cancelled: 'jobCancelled',
}
