import { expect, it } from 'vitest'
import { byHand, makeRemote } from '../support/repository.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { artifact, sh, startHubAndWorker, submitCommand, untilEnded } from '../support/worker.ts'
import { describeNeeding } from '../support/needs.ts'

/** Does what the first line of its prompt says. */
const obedient = sh('head -1 | sh')

describeNeeding(['patience'], 'a follow-up', () => {
  it('goes on from the branch that the job before it published, and moves it', async () => {
    await using test = await startHubAndWorker()
    const { hub } = test
    const { remote } = await makeRemote(await tempFolder())
    const { id } = await submitCommand(hub, '', {
      run: obedient,
      payload: {
        repository: remote,
        prompt: 'echo one > one',
        publish: { mode: 'branch', branch: 'work' },
      },
    })
    await untilEnded(hub, id)

    const next = await hub.admin.call('retryJob', {
      params: { job: id },
      body: { prompt: 'cat one > two' },
    })

    expect(await untilEnded(hub, next.id)).toMatchObject({ reason: 'published' })
    expect(await byHand(remote, 'show', 'work:two')).toBe('one')
    expect(await byHand(remote, 'rev-list', '--count', 'main..work')).toBe('2')
  })

  it('goes on from the patch when nothing was published', async () => {
    await using test = await startHubAndWorker()
    const { hub } = test
    const { id } = await submitCommand(hub, await tempFolder(), {
      run: obedient,
      payload: { prompt: 'echo one > one' },
    })
    await untilEnded(hub, id)

    const next = await hub.admin.call('retryJob', {
      params: { job: id },
      body: { prompt: 'cat one > two' },
    })

    const job = await untilEnded(hub, next.id)
    expect(job).toMatchObject({ reason: 'patch-ready' })
    expect(await artifact(hub, job, 'change.patch')).toMatch(/\+\+\+ b\/one[^]*\+\+\+ b\/two/)
  })
})
