import { describe, expect, it } from 'vitest'
import { byHand, makeRemote } from '../support/repository.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { artifact, sh, startHubAndWorker, submitCommand, untilEnded } from '../support/worker.ts'

const toBranch = { mode: 'branch', branch: 'w' }

describe('a check', () => {
  it('does not see the files that git could not store, because they are not published', async () => {
    await using test = await startHubAndWorker()
    const folder = await tempFolder()
    const { remote } = await makeRemote(folder, { 'answer.txt': 'wrong\n' })
    // Git refuses a UTF-16 file without a byte order mark, and keeps the file's earlier content.
    const encoding = 'answer.txt working-tree-encoding=UTF-16'
    const { id } = await submitCommand(test.hub, folder, {
      run: sh(`echo '${encoding}' > .gitattributes; echo right > answer.txt; mkdir empty`),
      payload: {
        repository: remote,
        iterations: 1,
        publish: toBranch,
        checks: [{ name: 'right', run: sh('ls; grep -a right answer.txt') }],
      },
    })

    const job = await untilEnded(test.hub, id)

    expect(job).toMatchObject({ reason: 'check-failed', publication: null })
    expect(job.detail).toMatch(/^check "right" failed:\nanswer.txt\n\n/)
    expect(await byHand(remote, 'branch', '--list', 'w')).toBe('')
  })
})

describe('checks that run one after the other', () => {
  it('judge the same tree, also when one of them repairs the files', async () => {
    await using test = await startHubAndWorker()
    const folder = await tempFolder()
    const { remote } = await makeRemote(folder)
    const { id } = await submitCommand(test.hub, folder, {
      run: sh('echo ugly > code'),
      payload: {
        repository: remote,
        iterations: 1,
        publish: toBranch,
        checks: [
          { name: 'format', run: sh('echo pretty > code; echo built > made') },
          { name: 'is formatted', run: sh('ls; grep pretty code') },
        ],
      },
    })

    const job = await untilEnded(test.hub, id)

    expect(job).toMatchObject({ reason: 'check-failed', publication: null })
    expect(job.detail).toMatch(/^check "is formatted" failed:\nREADME.md\ncode\n\n/)
    expect(await byHand(remote, 'branch', '--list', 'w')).toBe('')
    expect(await artifact(test.hub, job, 'change.patch')).toContain('+ugly')
  })

  it('find the ignored files that the ones before them wrote, which are not published', async () => {
    await using test = await startHubAndWorker()
    const folder = await tempFolder()
    const { remote } = await makeRemote(folder, { '.gitignore': 'dist/\n' })
    const { id } = await submitCommand(test.hub, folder, {
      run: sh('echo work > work'),
      payload: {
        repository: remote,
        publish: toBranch,
        checks: [
          { name: 'build', run: sh('mkdir dist; echo built > dist/out') },
          { name: 'serve', run: sh('grep built dist/out') },
        ],
      },
    })
    expect(await untilEnded(test.hub, id)).toMatchObject({ reason: 'published' })
    expect(await byHand(remote, 'ls-tree', '-r', '--name-only', 'w')).toBe('.gitignore\nwork')
  })
})
