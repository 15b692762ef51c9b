import type { ErrorCode } from './errors.ts'
import type { JobState } from './state.ts'

/** What can happen to a job. Each settlement is its own trigger, because each leads to other states. */
export const TRIGGERS = [
  'submit',
  'claim',
  'renew',
  'settle-succeeded',
  'settle-failed',
  'settle-cancelled',
  'pause',
  'resume',
  'request-cancel',
  'expire',
  'hand-back',
  'defer',
  'abandon',
] as const
export type Trigger = (typeof TRIGGERS)[number]

/**
 * The states that a trigger may lead to, or the error that refuses it. If there are several states,
 * machine.ts chooses one.
 */
export type Cell = { readonly to: readonly JobState[] } | { readonly refused: ErrorCode }

const to = (...states: readonly JobState[]): Cell => ({ to: states })
const refused = (code: ErrorCode): Cell => ({ refused: code })

const LOST = refused('lease-lost')
const TERMINAL = refused('job-terminal')

const NOTHING_MORE: Record<Trigger, Cell> = {
  submit: refused('job-exists'),
  claim: TERMINAL,
  renew: TERMINAL,
  'settle-succeeded': TERMINAL,
  'settle-failed': TERMINAL,
  'settle-cancelled': TERMINAL,
  pause: TERMINAL,
  resume: TERMINAL,
  'request-cancel': TERMINAL,
  expire: TERMINAL,
  'hand-back': TERMINAL,
  defer: TERMINAL,
  abandon: TERMINAL,
}

const ABSENT = refused('job-not-found')

/**
 * The state machine of a job. The compiler requires every cell. SPEC.md shows the same table, the
 * ledger's WHERE clauses implement it, and tests compare all three.
 */
export const TRANSITIONS: Record<JobState | 'absent', Record<Trigger, Cell>> = {
  absent: {
    submit: to('queued'),
    claim: ABSENT,
    renew: ABSENT,
    'settle-succeeded': ABSENT,
    'settle-failed': ABSENT,
    'settle-cancelled': ABSENT,
    pause: ABSENT,
    resume: ABSENT,
    'request-cancel': ABSENT,
    expire: ABSENT,
    'hand-back': ABSENT,
    defer: ABSENT,
    abandon: ABSENT,
  },
  queued: {
    submit: refused('job-exists'),
    claim: to('running'),
    renew: LOST,
    'settle-succeeded': LOST,
    'settle-failed': LOST,
    'settle-cancelled': LOST,
    pause: LOST,
    resume: refused('job-not-paused'),
    'request-cancel': to('cancelled'),
    expire: LOST,
    'hand-back': LOST,
    defer: LOST,
    abandon: LOST,
  },
  running: {
    submit: refused('job-exists'),
    claim: refused('job-not-queued'),
    renew: to('running'),
    'settle-succeeded': to('succeeded'),
    'settle-failed': to('failed', 'queued', 'cancelled'),
    'settle-cancelled': to('cancelled'),
    pause: to('paused', 'failed', 'cancelled'),
    resume: refused('job-not-paused'),
    'request-cancel': to('running'),
    expire: to('queued', 'failed', 'cancelled'),
    'hand-back': to('queued', 'cancelled'),
    defer: to('queued', 'failed', 'cancelled'),
    abandon: to('queued', 'failed', 'cancelled'),
  },
  paused: {
    submit: refused('job-exists'),
    claim: refused('job-not-queued'),
    renew: LOST,
    'settle-succeeded': LOST,
    'settle-failed': LOST,
    'settle-cancelled': LOST,
    pause: LOST,
    resume: to('queued'),
    'request-cancel': to('cancelled'),
    expire: LOST,
    'hand-back': LOST,
    defer: LOST,
    abandon: LOST,
  },
  succeeded: NOTHING_MORE,
  failed: NOTHING_MORE,
  // Cancel is idempotent: repeating it is not an error.
  cancelled: { ...NOTHING_MORE, 'request-cancel': to('cancelled') },
}
