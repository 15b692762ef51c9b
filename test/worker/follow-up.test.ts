import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { patchOf } from '../../src/cli/find-patch.ts'
import type { Job } from '../../src/domain/job.ts'
import { startGitServer } from '../support/git-server.ts'
import type { TestHub } from '../support/hub.ts'
import { byHand, commitAndPush, makeRemote } from '../support/repository.ts'
import { PASSWORD } from '../support/serve-git.ts'
import { tempFolder } from '../support/temp-folder.ts'
import {
  artifact,
  sh,
  startHubAndWorker,
  submitCommand,
  untilEnded,
  untilJob,
} from '../support/worker.ts'
import { describeNeeding } from '../support/needs.ts'

/** Does what the first line of its prompt says. */
const obedient = sh('head -1 | sh')

/** Passes unless the file `bad` exists. */
const checks = [{ name: 'good', run: ['sh', '-c', 'test ! -f bad'] }]
const once = { maxFailures: 1 }

/** What a follow-up changes. */
type Change = { readonly prompt: string; readonly ref?: string; readonly branch?: string }

async function retried(hub: TestHub, { id }: Pick<Job, 'id'>, change: Change): Promise<Job> {
  const next = await hub.admin.call('retryJob', { params: { job: id }, body: change })
  return await untilEnded(hub, next.id)
}

/** A hub, a worker and a remote with the branch main. */
async function aRepository() {
  const test = await startHubAndWorker()
  const { remote, clone } = await makeRemote(await tempFolder())
  const { hub } = test
  const submit = (prompt: string, payload: Readonly<Record<string, unknown>> = {}) =>
    submitCommand(hub, '', {
      run: obedient,
      payload: { repository: remote, prompt, checks, iterations: 1, ...payload },
      retry: once,
    })
  const run = async (...asked: Parameters<typeof submit>) =>
    await untilEnded(hub, (await submit(...asked)).id)
  /** Commits a file to a branch, as a person does. */
  const commit = async (branch: string, files: Readonly<Record<string, string>>) => {
    await byHand(clone, 'fetch', '-q', 'origin')
    await byHand(clone, 'checkout', '-q', '-B', branch, `origin/${branch}`)
    return await commitAndPush(clone, files)
  }
  const filesOf = async (ref: string) =>
    (await byHand(remote, 'ls-tree', '--name-only', ref)).split('\n')
  return {
    hub,
    remote,
    clone,
    submit,
    run,
    commit,
    filesOf,
    [Symbol.asyncDispose]: () => test[Symbol.asyncDispose](),
  }
}

type Repository = Awaited<ReturnType<typeof aRepository>>

const toWork = { publish: { mode: 'branch', branch: 'work' } }

/** Ways in which earlier jobs left `one` for a follow-up, and whether they published the branch. */
const CHAINS: readonly {
  readonly name: string
  readonly published: boolean
  readonly make: (repository: Repository) => Promise<Job>
}[] = [
  {
    name: 'a job that published',
    published: true,
    make: ({ run }) => run('echo 1 > one', toWork),
  },
  {
    name: 'a job whose check failed',
    published: false,
    make: ({ run }) => run('echo 1 > one; touch bad', toWork),
  },
  {
    name: 'a job that was cancelled',
    published: false,
    make: async ({ hub, submit }) => {
      const { id } = await submit('echo 1 > one; sleep 60', toWork)
      await untilJob(hub, id, { step: 'agent' })
      const seen = async () => (await hub.admin.call('listEvents', eventsOf(id))).events
      await expect.poll(seen).toContainEqual(agentStarted)
      await hub.admin.call('cancelJob', { params: { job: id } })
      return await untilEnded(hub, id)
    },
  },
  {
    name: 'a job that left a patch',
    published: false,
    make: ({ run }) => run('echo 1 > one'),
  },
  {
    name: 'a failed follow-up of a job that published',
    published: true,
    make: async ({ hub, run }) =>
      retried(hub, await run('echo 0 > zero', toWork), { prompt: 'echo 1 > one; touch bad' }),
  },
  {
    name: 'a follow-up that changed nothing',
    published: true,
    make: async ({ hub, run }) =>
      retried(hub, await run('echo 1 > one', toWork), { prompt: 'true' }),
  },
]

const eventsOf = (id: Job['id']) => ({ params: { job: id }, query: {} })
const agentStarted = expect.objectContaining({ type: 'agent-started' })

describeNeeding(['patience'], 'a follow-up of', () => {
  it.each(CHAINS)('$name goes on from its work', async ({ make }) => {
    await using repository = await aRepository()
    const { hub, filesOf } = repository
    const earlier = await make(repository)

    const next = await retried(hub, earlier, { prompt: 'rm -f bad; cat one > two', branch: 'work' })

    expect(next).toMatchObject({ reason: 'published' })
    expect(await filesOf('work')).toEqual(expect.arrayContaining(['one', 'two']))
  })

  it.each(CHAINS)('$name keeps what a person committed meanwhile', async (chain) => {
    await using repository = await aRepository()
    const { hub, filesOf, commit, remote } = repository
    const earlier = await chain.make(repository)
    const moved = chain.published ? 'work' : 'main'
    const theirs = await commit(moved, { theirs: 'x\n' })

    const next = await retried(hub, earlier, {
      prompt: 'rm -f bad; cat one > two',
      branch: 'work',
    })

    expect(next).toMatchObject({ reason: 'published' })
    const files = await filesOf('work')
    expect(files).toEqual(expect.arrayContaining(['one', 'two']))
    // Without a published branch, the work goes on from the commit on which it was made.
    expect(files.includes('theirs')).toBe(chain.published)
    const parent = await byHand(remote, 'rev-parse', 'work^')
    expect(parent === theirs).toBe(chain.published)
    const { events } = await hub.admin.call('listEvents', eventsOf(next.id))
    const notes = events.filter((event) => event.type === 'note')
    expect(notes.some(({ code }) => code === 'branch-advanced')).toBe(chain.published)
  })

  it('a patch is applied to the commit it was made on, although the same line has changed since', async () => {
    await using repository = await aRepository()
    const { hub, run, commit } = repository
    const earlier = await run('echo agent >> README.md')
    await commit('main', { 'README.md': 'by hand\n' })

    const next = await retried(hub, earlier, { prompt: 'echo more >> README.md' })

    expect(next).toMatchObject({ reason: 'patch-ready' })
    expect(await artifact(hub, next, 'change.patch')).toMatch(/ hello\n\+agent\n\+more\n/)
  })

  it('a follow-up that undid everything starts without the undone change', async () => {
    await using repository = await aRepository()
    const { hub, run } = repository
    const first = await run('echo 1 > one')
    const undone = await retried(hub, first, { prompt: 'rm one' })
    expect(undone).toMatchObject({ reason: 'no-change' })

    const next = await retried(hub, undone, { prompt: 'ls > two' })

    expect(next).toMatchObject({ reason: 'patch-ready' })
    const patch = await artifact(hub, next, 'change.patch')
    expect(patch).toMatch(/\+\+\+ b\/two\n[^]*\+README.md\n\+two\nbase-commit/)
    expect(patch).not.toContain('b/one')
  })

  it('a job that undid its own earlier turn starts without the undone change', async () => {
    await using repository = await aRepository()
    const { hub, remote } = repository
    const { id } = await submitCommand(hub, '', {
      run: sh('if [ -f bad ]; then rm bad; else touch bad; fi'),
      payload: { repository: remote, checks, iterations: 2 },
    })
    const undone = await untilEnded(hub, id)
    expect(undone).toMatchObject({ reason: 'no-change', attempt: 1 })
    const { artifacts } = await hub.admin.call('listArtifacts', { params: { job: id } })
    expect(() => patchOf(undone, artifacts, undefined)).toThrow('the agent changed nothing')

    // The agent creates the file again, unless it finds the file.
    const next = await retried(hub, undone, { prompt: 'Again' })

    expect(next).toMatchObject({ reason: 'no-change' })
    const { events } = await hub.admin.call('listEvents', eventsOf(next.id))
    expect(events.filter(({ type }) => type === 'agent-started')).toHaveLength(2)
  })

  it('a patch is merged into the ref that the retry names', async () => {
    await using repository = await aRepository()
    const { hub, run, commit } = repository
    const earlier = await run('echo 1 > one')
    const theirs = await commit('main', { theirs: 'x\n' })

    const next = await retried(hub, earlier, { prompt: 'cat theirs > two', ref: 'main' })

    const patch = await artifact(hub, next, 'change.patch')
    expect(patch).toMatch(/\+\+\+ b\/one[^]*\+\+\+ b\/two/)
    expect(patch).toMatch(new RegExp(`\\nbase-commit: ${theirs}\\n$`))
  })

  it('a job whose branch moved while its agent worked publishes its work on top', async () => {
    await using repository = await aRepository()
    const { hub, run, clone, remote } = repository
    await byHand(clone, 'config', 'user.email', 'ada@example.org')
    await byHand(clone, 'config', 'user.name', 'Ada')
    const person = `cd ${clone} && git commit -q --allow-empty -m theirs && git push -q origin HEAD:work`
    const moved = await run(`echo 1 > one; unset GIT_DIR; ${person}`, toWork)
    expect(moved).toMatchObject({ reason: 'branch-moved' })

    const next = await retried(hub, moved, { prompt: 'cat one > two' })

    expect(next).toMatchObject({ reason: 'published' })
    expect(await byHand(remote, 'log', '-1', '--format=%s', 'work^')).toBe('theirs')
    expect(await byHand(remote, 'show', 'work:two')).toBe('1')
  })

  it('conflicting work ends before the agent runs, and goes on on another branch', async () => {
    await using repository = await aRepository()
    const { hub, run, commit, remote } = repository
    await run('echo 0 > zero', toWork)
    const failed = await run('echo agent >> README.md; touch bad', toWork)
    await commit('work', { 'README.md': 'by hand\n' })

    const refused = await retried(hub, failed, { prompt: 'rm bad' })

    expect(refused).toMatchObject({ reason: 'change-conflicts', attempt: 1 })
    expect(refused.detail).toMatch(/conflicts with commit [0-9a-f]{40}, .* files: README\.md/)
    const { events } = await hub.admin.call('listEvents', eventsOf(refused.id))
    expect(events).not.toContainEqual(agentStarted)
    const next = await retried(hub, refused, { prompt: 'rm bad', branch: 'other' })
    expect(next).toMatchObject({ reason: 'published' })
    expect(await byHand(remote, 'show', 'other:README.md')).toBe('hello\nagent')
  })
})

describe('two jobs on one branch', () => {
  it('run one after the other, and the second starts where the first ended', async () => {
    await using repository = await aRepository()
    const { hub, submit, remote } = repository
    const both = [await submit('echo 1 > one', toWork), await submit('cat one > two', toWork)]

    for (const { id } of both) {
      expect(await untilEnded(hub, id)).toMatchObject({ reason: 'published' })
    }
    expect(await byHand(remote, 'show', 'work:two')).toBe('1')
  })
})

describe('before the agent runs', () => {
  it.each([
    ['millwright', { mode: 'branch' }, /the branch millwright exists/],
    ['a', { mode: 'branch', branch: 'a/b' }, /because the branch a exists/],
    ['a/b', { mode: 'branch', branch: 'a' }, /because the branch a\/b exists/],
  ])('a branch %s that makes its branch impossible is found', async (branch, publish, detail) => {
    await using repository = await aRepository()
    const { hub, run, remote } = repository
    await byHand(remote, 'branch', branch, 'main')

    const job = await run('echo 1 > one', { publish })

    expect(job).toMatchObject({ reason: 'publish-invalid', detail: expect.stringMatching(detail) })
    const { events } = await hub.admin.call('listEvents', eventsOf(job.id))
    expect(events).not.toContainEqual(agentStarted)
    expect(await retried(hub, job, { prompt: 'echo 1 > one', branch: 'c' })).toMatchObject({
      reason: 'published',
    })
  })

  it('a branch that is not where the ref is, is found', async () => {
    await using repository = await aRepository()
    const { hub, run, commit } = repository
    await run('echo 1 > one', toWork)
    await commit('main', { theirs: 'x\n' })

    const job = await run('echo 2 > two', { ...toWork, ref: 'main' })

    expect(job).toMatchObject({ reason: 'branch-moved' })
    const { events } = await hub.admin.call('listEvents', eventsOf(job.id))
    expect(events).not.toContainEqual(agentStarted)
  })
  it('a credential that may only read is found', async () => {
    const reader = { kind: 'basic', source: 'a test', user: 'reader', password: PASSWORD } as const
    await using test = await startHubAndWorker({ git: { credentialFor: async () => reader } })
    const { hub } = test
    const { remote } = await makeRemote(await tempFolder())
    const server = await startGitServer(dirname(remote), { login: true })
    const payload = { repository: `${server.url}/remote.git`, publish: { mode: 'branch' } }

    const { id } = await submitCommand(hub, '', { run: sh('touch x'), payload })

    expect(await untilEnded(hub, id)).toMatchObject({
      reason: 'repository-forbidden',
      detail: expect.stringContaining('the credential from a test lacks permission'),
    })
    const { events } = await hub.admin.call('listEvents', eventsOf(id))
    expect(events).not.toContainEqual(agentStarted)
  })
})
