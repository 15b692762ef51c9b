import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Publication, PublicationIntent } from '../../src/domain/publication.ts'
import { StepFailed, Stopped } from '../../src/domain/stop.ts'
import { type BranchRequest, branchTargetOf, publishBranch } from '../../src/publish/branch.ts'
import { findPublished } from '../../src/publish/publish-once.ts'
import type { GitSettings } from '../../src/workspace/git.ts'
import { takeTree } from '../../src/workspace/take-tree.ts'
import { approve } from '../../src/domain/verdict.ts'
import { aBranchRequest } from '../support/branch-request.ts'
import { startGitServer } from '../support/git-server.ts'
import {
  aWorkspace,
  byHand,
  commitAndPush,
  gitSettings,
  makeRemote,
  patient,
  shell,
} from '../support/repository.ts'
import { PASSWORD } from '../support/serve-git.ts'
import { tempFolder } from '../support/temp-folder.ts'

const BRANCH = 'millwright/0123456789ab'
const NOBODY = '0'.repeat(40)

/** A remote, a finished change of it, and a request to publish the change. */
async function aChange(options: { repository?: string; settings?: Partial<GitSettings> } = {}) {
  const folder = await tempFolder()
  const { remote, clone, commit } = await makeRemote(folder)
  const settings = gitSettings(folder, options.settings)
  const intents: PublicationIntent[] = []
  const attempt = async (repository = remote, from = {}): Promise<BranchRequest> => {
    const workspace = await aWorkspace(folder, { repository, settings, ...from })
    await shell(workspace.tree, 'echo done > done.txt')
    return aBranchRequest({
      workspace,
      change: await takeTree(workspace, patient()),
      branch: BRANCH,
      intents: [...intents],
      report: { intend: async (intent) => void intents.push(intent) },
    })
  }
  const tipOf = (branch: string) =>
    byHand(remote, 'for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`)
  return { folder, remote, clone, commit, settings, intents, attempt, tipOf }
}

const login = (user: string): Partial<GitSettings> => ({
  credentialFor: async () => ({ kind: 'basic', source: 'a test', user, password: PASSWORD }),
})

/** The publication that a later attempt would find by these intents. */
const adopted = (
  repository: string,
  intents: readonly PublicationIntent[],
  settings: GitSettings,
): Promise<Publication | null> =>
  findPublished(intents, (intent) => branchTargetOf(intent, repository, settings), patient())

/** Installs a pre-receive hook. */
async function hook(remote: string, script: string): Promise<void> {
  const file = join(remote, 'hooks', 'pre-receive')
  await writeFile(file, `#!/bin/sh\n${script}\n`)
  await chmod(file, 0o755)
}

describe('publishing a branch', () => {
  it('adopts what a sleeping worker of the same job pushes at the last moment', async () => {
    const { attempt, settings, intents, tipOf } = await aChange()
    const stale = { ...(await attempt()), at: 1_600_000_000_000 }
    // It recorded its intent before it was suspended.
    await publishBranch(stale, settings, patient())
    const commit = await tipOf(BRANCH)
    await byHand(stale.workspace.repository, 'update-ref', '-d', `refs/heads/${BRANCH}`)
    const wakesUp = async (label: string): Promise<void> => {
      if (label !== 'pushing') return
      await byHand(stale.workspace.repository, 'update-ref', `refs/heads/${BRANCH}`, commit)
    }

    const late = { ...settings, probe: wakesUp }
    const publication = await publishBranch(await attempt(), late, patient())

    expect(publication).toMatchObject({ details: { branch: BRANCH }, revision: commit })
    expect(await tipOf(BRANCH)).toBe(commit)
    expect(intents).toHaveLength(2)
  })

  it('pushes one commit on the base that names its job', async () => {
    const { attempt, settings, remote, commit, tipOf } = await aChange()
    const request = await attempt()
    const publication = await publishBranch(request, settings, patient())
    expect(publication).toEqual({
      kind: 'branch',
      target: `${remote}#${BRANCH}`,
      revision: await tipOf(BRANCH),
      details: { repository: remote, branch: BRANCH },
    })
    const show = (format: string) => byHand(remote, 'log', '-1', `--format=${format}`, BRANCH)
    expect(await show('%P')).toBe(commit)
    expect(await show('%T')).toBe(request.change.tree)
    expect(await show('%an <%ae>, %cn <%ce>, %at')).toBe(
      'Millwright <millwright@localhost>, Millwright <millwright@localhost>, 1700000000',
    )
    expect(await show('%B')).toBe('Do it\n\nwell.\n\nJob-Id: job-1\nAttempt: 1')
    expect(await show('%(trailers:key=Job-Id,valueonly)')).toBe('job-1')
  })

  it('names the author it is told', async () => {
    const { attempt, settings, remote } = await aChange()
    const author = { name: 'Grace', email: 'grace@example.org' }
    await publishBranch({ ...(await attempt()), author }, settings, patient())
    expect(await byHand(remote, 'log', '-1', '--format=%an <%ae> %cn', BRANCH)).toBe(
      'Grace <grace@example.org> Millwright',
    )
  })

  it('records its intent before the remote hears of it', async () => {
    const { attempt, settings, intents, tipOf } = await aChange()
    const request = await attempt()
    const seen: string[] = []
    const intend = async (intent: PublicationIntent) => {
      seen.push(await tipOf(BRANCH))
      intents.push(intent)
    }
    await publishBranch({ ...request, report: { intend } }, settings, patient())
    expect(seen).toEqual([''])
    expect(intents).toEqual([
      expect.objectContaining({
        details: { repository: request.workspace.repository, branch: BRANCH, replaces: null },
      }),
    ])
  })

  it('pushes nothing when the intent is refused', async () => {
    const { attempt, settings, tipOf } = await aChange()
    const stopped = new Stopped({ kind: 'cancelled' })
    const report = { intend: () => Promise.reject(stopped) }
    const refused = publishBranch({ ...(await attempt()), report }, settings, patient())
    await expect(refused).rejects.toBe(stopped)
    expect(await tipOf(BRANCH)).toBe('')
  })

  it('is a crash, with nothing recorded or pushed, for any other tree than the checks approved', async () => {
    const { attempt, settings, intents, tipOf } = await aChange()
    const request = await attempt()
    await shell(request.workspace.tree, 'echo more >> done.txt')
    const change = await takeTree(request.workspace, patient())
    const refused = publishBranch({ ...request, change }, settings, patient())
    await expect(refused).rejects.toThrow(`the checks approved tree ${request.change.tree}, but`)
    await expect(refused).rejects.not.toBeInstanceOf(StepFailed)
    expect(intents).toEqual([])
    expect(await tipOf(BRANCH)).toBe('')
  })

  it('adopts what an earlier attempt pushed before it died, and pushes nothing again', async () => {
    const { attempt, settings, intents, remote } = await aChange()
    const first = await publishBranch(await attempt(), settings, patient())
    await hook(remote, 'exit 1')
    const again = { ...(await attempt()), at: 1_800_000_000_000 }
    expect(await publishBranch(again, settings, patient())).toEqual(first)
    expect(await adopted(remote, intents, settings)).toEqual(first)
    expect(intents).toHaveLength(1)
  })

  it('adopts an earlier push that does not name its job just as well', async () => {
    const { attempt, settings, intents, remote } = await aChange()
    const unnamed = async () => {
      const request = await attempt()
      return { ...request, text: { ...request.text, trailers: false } }
    }
    const first = await publishBranch(await unnamed(), settings, patient())
    expect(await byHand(remote, 'log', '-1', '--format=%B', BRANCH)).toBe('Do it\n\nwell.')
    const again = { ...(await unnamed()), at: 1_800_000_000_000 }
    expect(await publishBranch(again, settings, patient())).toEqual(first)
    expect(await adopted(remote, intents, settings)).toEqual(first)
  })

  it('pushes when the earlier attempt died between intent and push', async () => {
    const { attempt, settings, intents, tipOf, remote } = await aChange()
    const request = await attempt()
    const die = async (intent: PublicationIntent) => {
      intents.push(intent)
      throw new Error('killed')
    }
    await expect(
      publishBranch({ ...request, report: { intend: die } }, settings, patient()),
    ).rejects.toThrow('killed')
    expect(await adopted(remote, intents, settings)).toBeNull()
    const { revision: commit } = await publishBranch(await attempt(), settings, patient())
    expect(await tipOf(BRANCH)).toBe(commit)
  })

  it('leaves alone a branch that somebody else made, and names its tip', async () => {
    const { attempt, settings, clone, tipOf, intents } = await aChange()
    await byHand(clone, 'checkout', '-q', '-b', BRANCH)
    const theirs = await commitAndPush(clone, { 'theirs.txt': 'x\n' })
    const refused = publishBranch(await attempt(), settings, patient())
    await expect(refused).rejects.toMatchObject({ reason: 'branch-moved' })
    await expect(refused).rejects.toThrow(theirs)
    expect(await tipOf(BRANCH)).toBe(theirs)
    expect(intents).toEqual([])
  })

  it('leaves alone a branch that somebody made at the last moment', async () => {
    const { attempt, settings, clone, tipOf } = await aChange()
    const request = await attempt()
    let theirs = ''
    const intend = async () => {
      await byHand(clone, 'checkout', '-q', '-b', BRANCH)
      theirs = await commitAndPush(clone, { 'theirs.txt': 'x\n' })
    }
    const refused = publishBranch({ ...request, report: { intend } }, settings, patient())
    await expect(refused).rejects.toMatchObject({ reason: 'branch-moved' })
    expect(await tipOf(BRANCH)).toBe(theirs)
  })

  it('moves the branch forward from the tip it started from, and from no other', async () => {
    const { attempt, settings, tipOf, remote } = await aChange()
    const first = await publishBranch(await attempt(), settings, patient())
    const next = async () => {
      const request = await attempt(remote, { ref: BRANCH })
      await shell(request.workspace.tree, 'echo more >> done.txt')
      const change = await takeTree(request.workspace, patient())
      return { ...request, change, approval: approve(change.tree, [], []), intents: [] }
    }
    const [followUp, tooLate] = [await next(), await next()]
    const second = await publishBranch(followUp, settings, patient())
    expect(await tipOf(BRANCH)).toBe(second.revision)
    expect(await byHand(remote, 'rev-parse', `${BRANCH}^`)).toBe(first.revision)
    const third = publishBranch({ ...tooLate, at: 1_800_000_000_000 }, settings, patient())
    await expect(third).rejects.toMatchObject({ reason: 'branch-moved' })
  })

  it('may go forward on the branch it was made from', async () => {
    const { attempt, settings, tipOf } = await aChange()
    const request = { ...(await attempt()), branch: 'main' }
    const { revision: commit } = await publishBranch(request, settings, patient())
    expect(await tipOf('main')).toBe(commit)
  })

  it('gives the remote’s own words when a hook refuses', async () => {
    const { attempt, settings, remote, tipOf } = await aChange()
    await hook(remote, 'echo "no work on Fridays" >&2; exit 1')
    const refused = publishBranch(await attempt(), settings, patient())
    await expect(refused).rejects.toMatchObject({ reason: 'push-refused' })
    await expect(refused).rejects.toThrow('no work on Fridays')
    expect(await tipOf(BRANCH)).toBe('')
  })

  it('is completed once the intent is recorded, even after a cancel', async () => {
    const { attempt, settings, tipOf, intents } = await aChange()
    const controller = new AbortController()
    const intend = async (intent: PublicationIntent) => {
      intents.push(intent)
      controller.abort(new Stopped({ kind: 'cancelled' }))
    }
    const request = { ...(await attempt()), report: { intend } }
    const { revision: commit } = await publishBranch(request, settings, controller.signal)
    expect(await tipOf(BRANCH)).toBe(commit)
  })

  it('is not done when the lease is lost, even after the intent', async () => {
    const { attempt, settings, tipOf } = await aChange()
    const controller = new AbortController()
    const intend = async () => controller.abort(new Stopped({ kind: 'lease-lost' }))
    const request = { ...(await attempt()), report: { intend } }
    await expect(publishBranch(request, settings, controller.signal)).rejects.toThrow(Stopped)
    expect(await tipOf(BRANCH)).toBe('')
  })

  it.each(['-x', '--force', 'a..b', 'refs/../x', ''])('refuses the name %j', async (branch) => {
    const { attempt, settings } = await aChange()
    const refused = publishBranch({ ...(await attempt()), branch }, settings, patient())
    await expect(refused).rejects.toMatchObject({ reason: 'publish-invalid' })
  })

  it('refuses an author that git rejects', async () => {
    const { attempt, settings, intents } = await aChange()
    const author = { name: '...', email: 'grace@example.org' }
    const refused = publishBranch({ ...(await attempt()), author }, settings, patient())
    await expect(refused).rejects.toMatchObject({
      reason: 'publish-invalid',
      detail: expect.stringContaining('disallowed characters: ...'),
    })
    expect(intents).toEqual([])
  })
})

describe('publishing over HTTP', () => {
  it('needs a credential that may push', async () => {
    const { folder, attempt, settings, tipOf } = await aChange()
    const server = await startGitServer(folder, { login: true })
    const reader = { ...settings, ...login('reader') }
    const request = await attempt()
    const workspace = { ...request.workspace, repository: `${server.url}/remote.git` }
    const forbidden = publishBranch({ ...request, workspace }, reader, patient())
    await expect(forbidden).rejects.toMatchObject({ reason: 'repository-forbidden' })
    const writer = { ...settings, ...login('writer') }
    const { revision: commit } = await publishBranch({ ...request, workspace }, writer, patient())
    expect(await tipOf(BRANCH)).toBe(commit)
  })

  it('believes the remote, not the lost answer', async () => {
    const { folder, attempt, settings, tipOf, remote } = await aChange()
    await hook(remote, `cat >> ${folder}/pushes`)
    const server = await startGitServer(folder)
    server.manner = 'lose-push-answer'
    const request = await attempt(`${server.url}/remote.git`)
    const { revision: commit } = await publishBranch(request, settings, patient())
    expect(await tipOf(BRANCH)).toBe(commit)
    // curl itself repeats the same request on a new connection.
    const pushes = (await readFile(join(folder, 'pushes'), 'utf8')).trim().split('\n')
    expect(new Set(pushes)).toEqual(new Set([`${NOBODY} ${commit} refs/heads/${BRANCH}`]))
  })

  it('that breaks at a host that otherwise answers is a failure, and makes no job wait for the host', async () => {
    const { folder, attempt, settings } = await aChange()
    const server = await startGitServer(folder)
    server.manner = 'die-in-push'
    const request = await attempt(`${server.url}/remote.git`)
    await expect(publishBranch(request, settings, patient())).rejects.toMatchObject({
      reason: 'repository-unreachable',
      unavailable: null,
    })
  })

  it('never lets the credential into what it says', async () => {
    const { folder, attempt, settings, remote } = await aChange()
    await hook(remote, `echo "you sent ${PASSWORD}" >&2; exit 1`)
    const server = await startGitServer(folder, { login: true })
    const request = await attempt()
    const workspace = { ...request.workspace, repository: `${server.url}/remote.git` }
    const writer = { ...settings, ...login('writer') }
    const refused = publishBranch({ ...request, workspace }, writer, patient())
    await expect(refused).rejects.toThrow('you sent [redacted]')
    await expect(refused).rejects.not.toThrow(PASSWORD)
  })

  it('never lets the credential into what it says, also when a refusal itself holds it', async () => {
    const { folder, attempt, settings, remote } = await aChange()
    await byHand(remote, 'config', 'receive.procReceiveRefs', 'refs/heads')
    await writeFile(join(remote, 'hooks', 'proc-receive'), REFUSING, { mode: 0o755 })
    const server = await startGitServer(folder, { login: true })
    const request = await attempt()
    const workspace = { ...request.workspace, repository: `${server.url}/remote.git` }
    const writer = { ...settings, ...login('writer') }
    await expect(publishBranch({ ...request, workspace }, writer, patient())).rejects.toMatchObject(
      { reason: 'push-refused', detail: expect.stringContaining('you sent [redacted]') },
    )
  })
})

/** A proc-receive hook that refuses every ref with its own message (pkt-line format). */
const REFUSING = `#!${process.execPath}
const { readSync, writeSync } = require('node:fs')
const read = (length) => {
  const bytes = Buffer.alloc(length)
  for (let at = 0; at < length; ) at += readSync(0, bytes, at, length - at, null)
  return bytes.toString()
}
const line = () => {
  const length = Number.parseInt(read(4), 16)
  return length === 0 ? null : read(length - 4)
}
const write = (text) => writeSync(1, (text.length + 4).toString(16).padStart(4, '0') + text)
while (line() !== null);
write('version=1\\n')
writeSync(1, '0000')
for (let command = line(); command !== null; command = line()) {
  write('ng ' + command.trim().split(' ')[2] + ' you sent ${PASSWORD}\\n')
}
writeSync(1, '0000')
`
