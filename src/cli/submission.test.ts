import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import type { Submission } from '../domain/job.ts'
import { addSubmissionFlags, SubmissionFlags, submissionOf } from './submission.ts'

const NOW = Date.parse('2026-08-01T12:00:00Z')

/** The job that a command line stands for, as it travels. */
function jobOf(...flags: readonly string[]): z.input<typeof Submission> {
  const command = addSubmissionFlags(new Command()).exitOverride()
  command.parse(flags, { from: 'user' })
  const parsed = SubmissionFlags.parse(command.opts())
  const work = { kind: 'any', payload: {} }
  return JSON.parse(JSON.stringify(submissionOf(parsed, work, NOW)))
}

describe('the flags of a job of any kind', () => {
  it('send nothing that was not asked for', () => {
    expect(jobOf()).toEqual({
      kind: 'any',
      payload: {},
      labels: [],
      locks: [],
      limits: {},
      retry: {},
    })
  })

  it('say who is told of the job, and nothing when nobody is', () => {
    expect(jobOf()).not.toHaveProperty('callbacks')
    const url = 'https://hooks.example/'
    const asked = jobOf('--callback', url, '--callback-on', 'paused', '--callback-on', 'ended')
    expect(asked.callbacks).toEqual([{ url, events: ['paused', 'ended'] }])
    expect(() => jobOf('--callback-on', 'paused')).toThrow(/requires --callback/)
  })

  it('name the job and its group', () => {
    const id = '0198A5D2-0000-4000-8000-000000000001'
    expect(jobOf('--group', 'night run', '--id', id)).toMatchObject({
      group: 'night run',
      id: id.toLowerCase(),
    })
  })

  it.each([
    ['+10m', NOW + 600_000],
    ['+1d', NOW + 86_400_000],
    ['2026-08-01T14:00:00Z', NOW + 7_200_000],
    [String(NOW), NOW],
  ])('hold the job back until %s', (text, notBefore) => {
    expect(jobOf('--not-before', text)).toMatchObject({ notBefore })
  })

  it.each(['soon', '10m', '+10', '+10w'])('take no “%s” for a time', (text) => {
    expect(() => jobOf('--not-before', text)).toThrow(/is not a time/)
  })
})
