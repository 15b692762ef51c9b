import type { JobEvent } from '../domain/event.ts'
import { clip } from '../domain/text.ts'
import { duration } from './quantity.ts'
import { safeLine } from './safe-text.ts'

/** Maximum length of a command in a row, in characters. */
const COMMAND_MAX = 80

/**
 * One row for each run of a check: the attempt's number, the agent's turn, the check's name, its
 * verdict, its exit code, how long it took, and its command.
 */
export const checkRows = (events: readonly JobEvent[]): readonly (readonly string[])[] =>
  events.flatMap((event) => {
    if (event.type !== 'check-finished') return []
    const { attempt, iteration, check, passed, exitCode, durationMs, command } = event
    return [
      [
        `${attempt ?? ''}`,
        iteration === undefined ? '' : `turn ${iteration}`,
        safeLine(check),
        passed ? 'passed' : 'failed',
        exitCode === undefined ? '' : exitCode === null ? 'killed' : `exit code ${exitCode}`,
        duration(durationMs),
        safeLine(clip(command ?? '', COMMAND_MAX)),
      ],
    ]
  })
