import type { AgentEnd } from '../domain/agent.ts'
import { SUMMARY_MAX } from '../domain/outcome.ts'
import { StepFailed } from '../domain/stop.ts'
import { clip } from '../domain/text.ts'

/**
 * Returns the failure that the agent reported, or `agent-failed` if its exit code is not 0. Returns
 * null if the agent succeeded.
 */
export function failureOf(end: AgentEnd): StepFailed | null {
  if (end.kind === 'failed') return new StepFailed(end.reason, end.detail)
  if (end.exitCode === 0) return null
  const words = end.summary === '' ? '' : `: ${end.summary}`
  return new StepFailed('agent-failed', `the agent exited with code ${end.exitCode}${words}`)
}

/** The agent's final message, truncated. */
export const summaryOf = (end: AgentEnd): string =>
  clip(end.kind === 'done' ? end.summary : end.detail, SUMMARY_MAX)
