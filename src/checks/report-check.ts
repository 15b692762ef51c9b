import type { AttemptReport } from '../domain/attempt.ts'
import { COMMAND_MAX, EVENT_TEXT_MAX } from '../domain/event.ts'
import { clip, clipMiddle } from '../domain/text.ts'
import type { Verdict } from '../domain/verdict.ts'

/** A check that is about to run. */
type Run = {
  readonly name: string
  /** The program and its arguments; absent if the check runs no program. */
  readonly command?: readonly string[]
  /** Number of the turn whose work the check judges, from 1; absent if the kind has no agent. */
  readonly iteration?: number
}

/**
 * Runs a check, writes its output to the log `checks`, and reports its verdict as an event.
 * @param run runs the check and passes the check's output to `onOutput`
 */
export async function reportCheck(
  { name, command, iteration }: Run,
  report: Pick<AttemptReport, 'log' | 'tell'>,
  run: (onOutput: (text: string) => void) => Promise<Verdict>,
): Promise<Verdict> {
  report.log('checks', `== ${name}\n`)
  const verdict = await run((text) => report.log('checks', text))
  const { passed, durationMs, exitCode, tree, findings } = verdict
  report.log(
    'checks',
    `\n== ${name}: ${passed ? 'passed' : 'failed'} in ${durationMs} ms${exitText(exitCode)}\n`,
  )
  report.tell({
    type: 'check-finished',
    check: name,
    passed,
    durationMs,
    ...(command === undefined ? {} : { command: clip(command.join(' '), COMMAND_MAX) }),
    ...(exitCode === undefined ? {} : { exitCode }),
    tree,
    ...(iteration === undefined ? {} : { iteration }),
    ...(passed ? {} : { findings: clipMiddle(findings, EVENT_TEXT_MAX) }),
  })
  return verdict
}

const exitText = (exitCode: number | null | undefined): string =>
  exitCode === undefined || exitCode === null ? '' : `, exit code ${exitCode}`
