import { StepFailed } from './stop.ts'
import { clipMiddle } from './text.ts'
import type { FailedCheck } from './verdict.ts'

/** Maximum length of a check's findings in a job's detail, in characters. The log has all findings. */
const FINDINGS_MAX = 2000

/**
 * Makes the error for work that did not pass its checks.
 * @param lead a sentence to put before the findings; may be empty
 */
export function checkFailed(failed: readonly FailedCheck[], lead: string): StepFailed {
  const words = failed.map(
    ({ check, findings }) => `check "${check}" failed:\n${clipMiddle(findings, FINDINGS_MAX)}`,
  )
  return new StepFailed('check-failed', [...(lead === '' ? [] : [lead]), ...words].join('\n\n'))
}
