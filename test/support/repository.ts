import { execFile } from 'node:child_process'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { z } from 'zod'
import { ReachedHosts } from '../../src/platform/reached-hosts.ts'
import { noProbe } from '../../src/domain/probe.ts'
import { CheckoutOptions } from '../../src/workspace/checkout-options.ts'
import type { Change } from '../../src/workspace/change.ts'
import { refCandidates } from '../../src/workspace/address.ts'
import type { Start } from '../../src/workspace/cache.ts'
import { fetchChange, type KeptChange } from '../../src/workspace/earlier-change.ts'
import type { GitSettings } from '../../src/workspace/git.ts'
import { prepareWorkspace, type WorkspaceRequest } from '../../src/workspace/prepare.ts'
import type { RepositoryWorkspace } from '../../src/workspace/workspace.ts'

const run = promisify(execFile)
const PATH = process.env['PATH'] ?? ''

/** The environment for git as a user runs it, without this machine's configuration. */
export const GIT_ENV = {
  PATH,
  HOME: '/nonexistent',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
  // Hundreds of small repositories need no tidying.
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'maintenance.auto',
  GIT_CONFIG_VALUE_0: 'false',
}

/** Runs git in a folder; returns its stdout without the last newline. */
export async function byHand(folder: string, ...args: string[]): Promise<string> {
  const { stdout } = await run('git', args, { cwd: folder, env: GIT_ENV, maxBuffer: 1024 ** 3 })
  return stdout.trimEnd()
}

/** Runs a shell script in a folder, as an agent would. */
export async function shell(folder: string, script: string): Promise<void> {
  await run('sh', ['-ec', script], { cwd: folder, env: GIT_ENV })
}

/**
 * A bare repository whose branch main has one commit of these files, without hooks in their folder,
 * and a clone to push from.
 * @param files contents by path
 */
export async function makeRemote(
  folder: string,
  files: Readonly<Record<string, string>> = { 'README.md': 'hello\n' },
): Promise<{ remote: string; clone: string; commit: string }> {
  const [remote, clone] = [join(folder, 'remote.git'), join(folder, 'clone')]
  await mkdir(folder, { recursive: true })
  await byHand(folder, 'init', '-q', '--bare', '-b', 'main', '--template=', remote)
  await byHand(remote, 'config', 'receive.autogc', 'false')
  await mkdir(join(remote, 'hooks'))
  await importCommit(remote, files)
  await byHand(folder, 'clone', '-q', '--template=', remote, clone)
  return { remote, clone, commit: await byHand(remote, 'rev-parse', 'main') }
}

const data = (text: string): string => `data ${Buffer.byteLength(text)}\n${text}\n`

/** Creates the first commit of main, with which most tests begin. */
async function importCommit(
  remote: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  const stream = [
    'commit refs/heads/main\n',
    'committer Ada <ada@example.org> now\n',
    data('Work by hand'),
    ...Object.entries(files).map(
      ([name, text]) => `M 644 inline ${JSON.stringify(name)}\n${data(text)}`,
    ),
  ]
  const args = ['fast-import', '--quiet', '--date-format=now']
  const importing = run('git', args, { cwd: remote, env: GIT_ENV })
  importing.child.stdin?.end(stream.join(''))
  await importing
}

/** Writes files in a clone, commits and pushes what is checked out. */
export async function commitAndPush(
  clone: string,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(clone, name)), { recursive: true })
    await writeFile(join(clone, name), text)
  }
  await byHand(clone, 'add', '-A')
  await byHand(clone, 'commit', '-q', '-m', 'Work by hand')
  await byHand(clone, 'push', '-q', 'origin', 'HEAD')
  return await byHand(clone, 'rev-parse', 'HEAD')
}

/** Git settings with a cache in this folder; local paths are allowed. */
export function gitSettings(folder: string, change: Partial<GitSettings> = {}): GitSettings {
  return {
    cacheFolder: join(folder, 'cache'),
    allow: { file: true, http: true, ssh: true },
    credentialFor: async () => null,
    path: PATH,
    proxy: {},
    configFile: '/dev/null',
    knownHosts: null,
    timeoutMs: 20_000,
    marker: null,
    probe: noProbe,
    reached: new ReachedHosts(join(folder, 'hosts')),
    ...change,
  }
}

type WorkspaceChange = Partial<Omit<WorkspaceRequest, 'checkout' | 'change'>> &
  Pick<WorkspaceRequest, 'repository'> & {
    readonly checkout?: z.input<typeof CheckoutOptions>
    /** The branch, tag or commit to start from; by default the remote's HEAD. */
    readonly ref?: string
    /** An earlier change; without a ref, the start is the commit on which it was made, if known. */
    readonly continues?: KeptChange
  }

/** Prepares a workspace in a new attempt folder. */
export async function aWorkspace(
  folder: string,
  change: WorkspaceChange,
  signal = new AbortController().signal,
): Promise<RepositoryWorkspace> {
  const attempt = join(folder, `attempt-${++attempts}`)
  await mkdir(attempt)
  const settings = gitSettings(folder)
  const checkout = CheckoutOptions.parse(change.checkout ?? {})
  const { ref = null, continues, ...given } = change
  const place = { folder: attempt, settings, ...given, checkout }
  const earlier = continues === undefined ? null : await fetchChange(place, continues)
  const base = ref === null ? earlier?.base : null
  const start = startAt(typeof base === 'string' ? [base] : refCandidates(ref))
  return await prepareWorkspace({ start, ...place, change: earlier }, signal)
}

let attempts = 0

/** Starts from the first of these refs and commits that exists, and accepts it. */
export const startAt = (from: readonly string[]): Start => ({ from, ask: [], accept: () => {} })

/** A change stored by an earlier job; only the names of its artifacts are known. */
export const keptByJob = (...artifacts: Change['artifacts']): KeptChange => ({
  from: artifacts.map(({ name }) => name),
  fetch: async (name, file) => {
    const artifact = artifacts.find((one) => one.name === name)
    if (artifact === undefined) throw new Error(`${name} was not kept`)
    await copyFile(artifact.file, file)
  },
})

/** A change stored by an earlier attempt, with its record. */
export function keptByAttempt({ artifacts, record }: Change): KeptChange {
  if (record === null) throw new Error('the change was not kept whole')
  return { ...keptByJob(...artifacts), from: record }
}

/** A patch as an artifact. */
export const asPatch = (file: string) => ({ name: 'change.patch', mediaType: 'text/x-diff', file })

/** A signal that never aborts. */
export const patient = (): AbortSignal => new AbortController().signal
