import { expect, it } from 'vitest'
import { AppError } from '../domain/errors.ts'
import { fromProblem, toProblem } from './problem.ts'

it('a problem says what to do next under both names, and either is enough to read it', () => {
  const problem = toProblem(new AppError('job-not-found', 'There is no such job'))
  const next = 'List the jobs with: millwright jobs'
  expect(problem).toMatchObject({ fix: next, mend: next })
  const { fix, mend, ...rest } = problem
  for (const sent of [
    { ...rest, fix },
    { ...rest, mend },
  ]) {
    expect(fromProblem(sent)).toMatchObject({ code: 'job-not-found', details: {} })
  }
  expect(fromProblem(rest)).toBeUndefined()
})
