import { StepFailed } from './stop.ts'
import { clipMiddle } from './text.ts'
import type { FailedCheck } from './verdict.ts'

/** Of a failed check's findings, what goes into the job's detail; the rest is in its log. */
const FINDINGS_MAX = 2000

/**
 * The failure of work that did not pass.
 * @param lead a sentence that goes before the findings; empty for none
 */
export function checkFailed(failed: readonly FailedCheck[], lead: string): StepFailed {
  const words = failed.map(
    ({ check, findings }) => `check "${check}" failed:\n${clipMiddle(findings, FINDINGS_MAX)}`,
  )
  return new StepFailed('check-failed', [...(lead === '' ? [] : [lead]), ...words].join('\n\n'))
}
