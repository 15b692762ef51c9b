import type { AttemptReport } from '../domain/attempt.ts'
import { EVENT_TEXT_MAX } from '../domain/event.ts'
import { clipMiddle } from '../domain/text.ts'
import type { Verdict } from '../domain/verdict.ts'

/** A check that is about to run. */
type Run = {
  readonly name: string
  /** Number of the turn whose work the check judges, from 1; absent if the kind has no agent. */
  readonly iteration?: number
}

/**
 * Runs a check, writes its output to the log `checks`, and reports its verdict as an event.
 * @param run runs the check and passes the check's output to `onOutput`
 */
export async function reportCheck(
  { name, iteration }: Run,
  report: Pick<AttemptReport, 'log' | 'tell'>,
  run: (onOutput: (text: string) => void) => Promise<Verdict>,
): Promise<Verdict> {
  report.log('checks', `== ${name}\n`)
  const verdict = await run((text) => report.log('checks', text))
  const { passed, durationMs, tree, findings } = verdict
  report.log('checks', `\n== ${name}: ${passed ? 'passed' : 'failed'} in ${durationMs} ms\n`)
  report.tell({
    type: 'check-finished',
    check: name,
    passed,
    durationMs,
    tree,
    ...(iteration === undefined ? {} : { iteration }),
    ...(passed ? {} : { findings: clipMiddle(findings, EVENT_TEXT_MAX) }),
  })
  return verdict
}
