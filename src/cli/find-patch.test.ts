import { expect, it } from 'vitest'
import { JobId } from '../domain/id.ts'
import { comparable, patchOf } from './find-patch.ts'

const job = {
  id: JobId.parse('01890000-0000-7000-8000-000000000001'),
  state: 'failed',
  reason: 'attempts-exhausted',
} as const

const artifact = (attempt: number, name: string) => ({
  attempt,
  name,
  digest: '',
  size: 1,
  mediaType: 'text/x-diff',
  createdAt: 0,
})

const all = [
  artifact(1, 'change.patch'),
  artifact(1, 'salvage.change.patch'),
  artifact(2, 'salvage.change.patch'),
  artifact(3, 'report.json'),
]

it('the patch of a job is that of the newest attempt with one, even if its worker died', () => {
  expect(patchOf(job, all, undefined)).toMatchObject({ attempt: 2, name: 'salvage.change.patch' })
  expect(patchOf(job, all, 1)).toMatchObject({ attempt: 1, name: 'change.patch' })
})

it('an empty patch says that the newest attempt changed nothing', () => {
  const undone = [...all, { ...artifact(3, 'change.patch'), size: 0 }]
  expect(() => patchOf(job, undone, undefined)).toThrow(
    'no change from attempt 3; attempts with a change: 2, 1',
  )
  expect(patchOf(job, undone, 1)).toMatchObject({ attempt: 1 })
})

/** The message with which there is no patch. */
function whyNone(changes: object, attempt?: number): string {
  try {
    return patchOf({ ...job, ...changes }, attempt === undefined ? [] : all, attempt).name
  } catch (error) {
    return String(error)
  }
}

it('a missing patch is explained', () => {
  expect(whyNone({}, 3)).toContain('no change from attempt 3; attempts with a change: 2, 1')
  expect(whyNone({ reason: 'no-change' })).toContain('the agent changed nothing')
  expect(whyNone({ state: 'queued' })).toContain('no change yet: it is queued')
  expect(whyNone({ state: 'running' })).toContain('no change yet: it is running')
  expect(whyNone({})).toContain('no attempt stored one')
})

it('a patch that is too large for memory is not compared', () => {
  const patch = artifact(2, 'change.patch')
  expect(comparable({ ...patch, size: 64_000_000 })).toMatchObject({ attempt: 2 })
  expect(() => comparable({ ...patch, size: 2_000_000_000 })).toThrow(
    'The change of attempt 2 is too large to compare: 2.0 GB, at most 64.0 MB',
  )
})
