import { expect, it } from 'vitest'
import { JobEvent } from '../domain/event.ts'
import { eventText } from './event.ts'

const failed = (detail: string): string =>
  eventText(
    JobEvent.parse({
      seq: 1,
      at: 0,
      attempt: 1,
      type: 'ended',
      failures: 1,
      settlement: { kind: 'failed', reason: 'check-failed', detail },
    }),
  )

it('the text of an event has the first line of a detail, and an ellipsis for the rest', () => {
  expect(failed('')).toBe('failed: check-failed: a check did not pass')
  expect(failed('one line')).toBe('failed: check-failed: one line')
  expect(failed('check "tests" failed:\n> test\nTAP version 13')).toBe(
    'failed: check-failed: check "tests" failed …',
  )
})
