import { expect, it } from 'vitest'
import { JobPattern } from './job-pattern.ts'

it.each([
  'kind:code',
  'kind:site',
  'kind:*',
  'label:gpu',
  'agent:codex',
  'agent:co*',
  'repo:https://git.example/team/*',
])('a pattern of jobs may be %s', (pattern) => {
  expect(JobPattern.parse(pattern)).toBe(pattern)
})

it.each([
  ['knd:code', 'jobs cannot be matched by "knd"; did you mean kind?'],
  ['branch:main', 'jobs cannot be matched by "branch"; use one of label, os, sandbox, kind, '],
  ['kind:cod', 'did you mean kind:code?'],
  ['agent:codx', 'did you mean agent:codex?'],
  ['code', 'must be a word, a colon and a value without spaces'],
])('a misspelled pattern is refused: %s', (pattern, message) => {
  expect(JobPattern.safeParse(pattern).error?.issues[0]?.message).toContain(message)
})
