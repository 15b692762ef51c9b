import { describe, expect, it } from 'vitest'
import { byHand, makeRemote } from '../support/repository.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { artifact, sh, startHubAndWorker, submitCommand, untilEnded } from '../support/worker.ts'

const FILES = { 'README.md': 'top\n', 'web/a.ts': 'a\n', 'server/b.go': 'b\n' }

describe('a job that wants part of a repository', () => {
  it('works on that part, and publishes the whole with a commit that need not name it', async () => {
    await using test = await startHubAndWorker()
    const { remote } = await makeRemote(await tempFolder(), FILES)
    const { id } = await submitCommand(test.hub, '', {
      run: sh('ls; git rev-list --count HEAD; echo more >> web/a.ts'),
      payload: {
        repository: `file://${remote}`,
        checkout: { ref: 'main', sparse: ['web'], depth: 1 },
        publish: { mode: 'branch', branch: 'done', trailers: false },
      },
    })
    const job = await untilEnded(test.hub, id)
    expect(job).toMatchObject({ state: 'succeeded', detail: '1 file changed, +1 -0' })
    expect(await artifact(test.hub, job, 'agent-output.log')).toBe('README.md\nweb\n1\n')
    expect(await byHand(remote, 'ls-tree', '-r', '--name-only', 'done')).toBe(
      'README.md\nserver/b.go\nweb/a.ts',
    )
    expect(await byHand(remote, 'log', '-1', '--format=%B', 'done')).toBe('do it')
  })

  it('fails by name when the part does not exist', async () => {
    await using test = await startHubAndWorker()
    const { id } = await submitCommand(test.hub, await tempFolder(), {
      run: sh('true'),
      payload: { checkout: { sparse: ['wbe'] } },
    })
    expect(await untilEnded(test.hub, id)).toMatchObject({
      state: 'failed',
      reason: 'sparse-not-found',
      detail: expect.stringContaining('wbe'),
    })
  })
})
