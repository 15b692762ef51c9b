import { describe, expect, it } from 'vitest'
import { startTestHub } from '../support/hub.ts'
import { aJob } from '../support/jobs.ts'

describe('jobs over HTTP', () => {
  it('a submitted job comes back with its defaults and can be read', async () => {
    await using hub = await startTestHub()

    const job = await hub.admin.call('submitJob', { body: aJob() })

    expect(job).toMatchObject({ state: 'queued', priority: 0, title: 'mend it' })
    expect(await hub.admin.call('getJob', { params: { job: job.id } })).toEqual(job)
  })
})
