import type { AttemptReport } from '../domain/attempt.ts'
import { EVENT_TEXT_MAX } from '../domain/event.ts'
import { clipMiddle } from '../domain/text.ts'
import type { Verdict } from '../domain/verdict.ts'

/** A check that is about to run. */
type Run = {
  readonly name: string
  /** The agent's turn whose work it judges, counted from 1; absent where no agent works. */
  readonly iteration?: number
}

/**
 * Runs one check and reports it: what it prints to the log `checks`, its verdict as an event.
 * @param run gets where its output goes
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
