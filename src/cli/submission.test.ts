import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import type { Submission } from '../domain/job.ts'
import { CodePayload } from '../kinds/code/payload.ts'
import { addSubmissionFlags, SubmissionFlags, submissionOf } from './submission.ts'

/** The payload that a command line stands for, as it travels. */
const payloadOf = async (...flags: readonly string[]): Promise<unknown> =>
  (await jobOf(...flags)).payload

/** The job that a command line stands for, as it travels. */
async function jobOf(...flags: readonly string[]): Promise<z.input<typeof Submission>> {
  const command = addSubmissionFlags(new Command()).exitOverride()
  command.parse(['--repo', 'https://example.org/a.git', ...flags], { from: 'user' })
  const parsed = SubmissionFlags.parse(command.opts())
  return JSON.parse(JSON.stringify(await submissionOf(parsed, 'do it', [], '/')))
}

describe('the flags of a submission', () => {
  it('say what is checked out', async () => {
    const flags = '--depth 1 --sparse web --sparse docs/en --submodules all --lfs'.split(' ')
    expect(CodePayload.parse(await payloadOf(...flags)).checkout).toEqual({
      depth: 1,
      sparse: ['web', 'docs/en'],
      submodules: 'all',
      lfs: true,
    })
  })

  it('send nothing that was not asked for', async () => {
    expect(Object.keys(Object(await payloadOf()))).toEqual([
      'repository',
      'prompt',
      'agent',
      'checks',
    ])
  })

  it('say how many turns the agent gets', async () => {
    expect(await payloadOf('--iterations', '5')).toMatchObject({ iterations: 5 })
    await expect(payloadOf('--iterations', '0')).rejects.toThrow(/iterations/)
  })

  it('leave the job’s name out of the commit of a branch alone', async () => {
    const payload = CodePayload.parse(await payloadOf('--publish', 'branch', '--no-trailers'))
    expect(payload.publish).toEqual({ mode: 'branch', trailers: false })
    await expect(payloadOf('--no-trailers')).rejects.toThrow(/needs --publish branch/)
    await expect(payloadOf('--publish', 'none', '--no-trailers')).rejects.toThrow(/--no-trailers/)
  })

  it('say who is told of the job, and nothing when nobody is', async () => {
    expect(await jobOf()).not.toHaveProperty('callbacks')
    const url = 'https://hooks.example/'
    const asked = await jobOf(
      '--callback',
      url,
      '--callback-on',
      'paused',
      '--callback-on',
      'ended',
    )
    expect(asked.callbacks).toEqual([{ url, events: ['paused', 'ended'] }])
    await expect(jobOf('--callback-on', 'paused')).rejects.toThrow(/needs --callback/)
  })
})
