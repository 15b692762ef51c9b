import { describe, expect, it } from 'vitest'
import { JobId } from '../../domain/id.ts'
import type { Publication } from '../../domain/publication.ts'
import type { FetchedChange } from '../../workspace/earlier-change.ts'
import { CodePayload } from './payload.ts'
import { branchOf, startOf } from './start.ts'

const REPOSITORY = 'https://example.com/app.git'
const [PUBLISHED, MADE_ON] = ['a'.repeat(40), 'b'.repeat(40)]

const publicationOf = (repository = REPOSITORY): Publication => ({
  kind: 'branch',
  target: `${repository}#work`,
  revision: PUBLISHED,
  details: { repository, branch: 'work' },
})

const jobId = JobId.parse('01890000-0000-7000-8000-0123456789ab')

/** A job with this payload, which continues jobs with this publication. */
const aJob = (payload: object = {}, publication: Publication | null = null) => ({
  payload: CodePayload.parse({
    repository: REPOSITORY,
    prompt: 'do it',
    agent: { name: 'command', run: ['true'] },
    ...payload,
  }),
  attempt: {
    work: { id: jobId },
    earlier: { intents: [], continues: { publication } },
  },
})

const change = (base: string | null, record: FetchedChange['record'] = null): FetchedChange => ({
  patchFile: 'change.patch',
  lfsFiles: [],
  record,
  base,
})

const to = (branch?: string) => ({ publish: { mode: 'branch', branch } })
const [WORK, OTHER] = ['refs/heads/work', 'refs/heads/other']
const published = publicationOf()

describe('a job starts from', () => {
  it.each([
    ['the remote’s HEAD', aJob(), null, ['HEAD']],
    ['its ref', aJob({ ref: 'v1', ...to('other') }), null, ['refs/heads/v1', 'refs/tags/v1']],
    ['its branch, or the remote’s HEAD', aJob(to('other')), null, [OTHER, 'HEAD']],
    ['what earlier jobs published', aJob(to(), published), null, [WORK, PUBLISHED]],
    [
      'what earlier jobs published, whatever its ref and branch',
      aJob({ ref: 'v1', ...to('other') }, published),
      null,
      [WORK, PUBLISHED],
    ],
    ['the commit of a change', aJob({ ref: 'v1' }), change(MADE_ON), [MADE_ON]],
    [
      'the head of the branch to which a change belongs',
      aJob(to(), published),
      change(MADE_ON),
      [WORK, MADE_ON],
    ],
    [
      'the head of the branch to which a change goes',
      aJob(to('other'), published),
      change(MADE_ON),
      [OTHER, MADE_ON],
    ],
    ['the commit of a change for a new branch', aJob(to()), change(MADE_ON), [MADE_ON]],
    [
      'its ref, when a change does not name its commit',
      aJob({ ref: 'v1' }),
      change(null),
      ['refs/heads/v1', 'refs/tags/v1'],
    ],
    [
      'the ref that a retry names, also with a change',
      aJob({ ref: 'v1', startAt: 'ref', ...to() }, published),
      change(MADE_ON),
      ['refs/heads/v1', 'refs/tags/v1'],
    ],
    [
      'the commit on which its own earlier attempt worked',
      aJob({ ref: 'v1', startAt: 'ref', ...to() }, published),
      change(MADE_ON, { base: MADE_ON, tree: MADE_ON, artifacts: [] }),
      [MADE_ON],
    ],
    [
      'HEAD, when earlier jobs published elsewhere',
      aJob(to(), publicationOf('/r')),
      null,
      ['HEAD'],
    ],
  ])('%s', (_, job, kept, from) => {
    expect(startOf(job, kept).from).toEqual(from)
  })
})

describe('a job publishes to', () => {
  it.each([
    ['nothing by default', aJob({}, published), null],
    ['a branch of its own', aJob(to()), 'millwright/0123456789ab'],
    ['the branch that earlier jobs published', aJob(to(), published), 'work'],
    ['the branch that it names', aJob(to('other'), published), 'other'],
  ])('%s', (_, job, branch) => {
    expect(branchOf(job)).toBe(branch)
  })
})
