import type { AttemptReport } from '../domain/attempt.ts'
import type { Verdict } from '../domain/verdict.ts'

/**
 * Runs one check and reports it: what it prints to the log `checks`, its end as an event.
 * @param run gets where its output goes
 */
export async function reportCheck(
  name: string,
  report: Pick<AttemptReport, 'log' | 'tell'>,
  run: (onOutput: (text: string) => void) => Promise<Verdict>,
): Promise<Verdict> {
  report.log('checks', `== ${name}\n`)
  const verdict = await run((text) => report.log('checks', text))
  const { passed, durationMs } = verdict
  report.log('checks', `\n== ${name}: ${passed ? 'passed' : 'failed'} in ${durationMs} ms\n`)
  report.tell({ type: 'check-finished', check: name, passed, durationMs })
  return verdict
}
