import { expect, it } from 'vitest'
import { JobId } from '../domain/id.ts'
import { nextStep } from './next-step.ts'

it('the next step of a job without checks does not name their log', () => {
  const id = JobId.parse('01234567-89ab-7def-8123-456789abcdef')
  const next = nextStep({ id, reason: 'attempts-exhausted' }, { events: [], artifacts: [] })
  expect(next?.commands.map((words) => words.join(' '))).toEqual([
    'logs 456789abcdef',
    'retry 456789abcdef',
  ])
})
