import { z } from 'zod'

/** All states of a job. Waiting for a lock or a retry is not a state; neither is a cancel request. */
export const JobState = z.enum(['queued', 'running', 'paused', 'succeeded', 'failed', 'cancelled'])
export type JobState = z.infer<typeof JobState>

/** States that a job never leaves. */
export const TERMINAL_STATES = ['succeeded', 'failed', 'cancelled'] as const
export type TerminalState = (typeof TERMINAL_STATES)[number]

export const isTerminal = (state: JobState): state is TerminalState =>
  TERMINAL_STATES.some((terminal) => terminal === state)
