// Files that Git LFS keeps. Its own program fetches and sends them, called through git like all
// else: no configuration but ours, and the credential of that call alone. What is fetched is
// shared by all jobs of an address; what an agent wrote lies in its attempt's git folder.
import { createHash } from 'node:crypto'
import { mkdir, rename, rm, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { StepFailed } from '../domain/stop.ts'
import { chunks } from '../platform/chunks.ts'
import { fileDigest } from '../platform/file-digest.ts'
import { locateProgram } from '../platform/locate-program.ts'
import { type Address, parseAddress } from './address.ts'
import type { Cache } from './cache.ts'
import { noteUse } from './collect-caches.ts'
import { git, type GitSettings } from './git.ts'
import { callRemote } from './remote.ts'
import type { Worktree } from './worktree.ts'

type Config = readonly (readonly [string, string])[]

/**
 * For calls that have all they need: a tree names what it likes in .lfsconfig, and whatever is
 * missing would be asked for there, with no regard to addresses allowed and logins given.
 */
const NOWHERE: Config = [
  ['lfs.url', 'http://127.0.0.1:1/'],
  ['lfs.transfer.maxRetries', '0'],
]

/** For the platform's git folder: contents become pointers, and pointers contents. */
export const lfsFilter = (gitDir: string): string => `[filter "lfs"]
\tprocess = git-lfs filter-process
\trequired = true
[lfs]
\tstorage = ${quoted(join(gitDir, 'lfs'))}
`

/** A value as git's configuration files take any text. */
const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`

/** For the agent's repository: a changed file becomes a pointer, and nothing is ever fetched. */
export const LFS_FILTER_LOCAL = `[filter "lfs"]
\tprocess = git-lfs filter-process --skip
\trequired = true
`

/** What a checkout needs to write contents, which are here, rather than pointers. */
export const lfsCheckout = (cache: Cache) => ({
  config: [...storageOf(cache), ...NOWHERE],
  env: { GIT_LFS_SKIP_SMUDGE: '0' },
})

/** Where an attempt's git folder keeps what its agent made, or an earlier one did. */
export const lfsObjectFile = (gitDir: string, id: string): string =>
  join(gitDir, 'lfs', 'objects', id.slice(0, 2), id.slice(2, 4), id)

/** Moves a file there: its id is what it holds. */
export async function addLfsObject(
  gitDir: string,
  file: string,
  signal: AbortSignal,
): Promise<void> {
  const object = lfsObjectFile(gitDir, await fileDigest(file, signal))
  await mkdir(dirname(object), { recursive: true })
  await rename(file, object)
}

/** The same for a patch; what is not here stays a pointer. */
export const LFS_PATCH = {
  config: NOWHERE,
  env: { GIT_LFS_SKIP_SMUDGE: '0', GIT_LFS_SKIP_DOWNLOAD_ERRORS: '1' },
}

/**
 * What writing a tree needs whose contents lie partly in the attempt's git folder, partly in the
 * cache: git-lfs looks for the rest beside the object folders that git knows as alternates.
 */
export async function lfsRestore(
  repository: string,
  { settings, gitDir }: { readonly settings: GitSettings; readonly gitDir: string },
) {
  const folder = join(gitDir, 'lfs-cache')
  await mkdir(join(folder, 'objects'), { recursive: true })
  await rm(join(folder, 'lfs'), { force: true })
  await symlink(storageFolder({ url: repository, settings }), join(folder, 'lfs'))
  const env = { ...LFS_PATCH.env, GIT_ALTERNATE_OBJECT_DIRECTORIES: join(folder, 'objects') }
  return { config: NOWHERE, env }
}

/**
 * Fetches what the commit keeps in Git LFS, with the job's credential. Throws StepFailed
 * `lfs-missing` without the program, and whatever kept the remote from answering.
 */
export async function fetchLfs(
  cache: Cache,
  { gitDir, commit }: Commit,
  signal: AbortSignal,
): Promise<void> {
  const { settings } = cache
  demandLfs(settings)
  const remote = await lfsRemote(cache.address, { settings, gitDir, commit }, signal)
  const config = [...remote.config, ...storageOf(cache)]
  const storage = storageFolder({ url: cache.address.url, settings })
  await noteUse(storage)
  const call = { args: ['lfs', 'fetch', 'origin', commit], gitDir, config }
  const end = await callRemote({ settings, ...remote, gitDir }, call, signal)
  if (end.code !== 0) throw end.failure()
  await noteUse(storage)
}

/** Sends objects by their ids from the attempt's git folder. */
export async function pushLfs(
  repository: Address,
  { settings, gitDir, commit, ids }: Here & { readonly ids: readonly string[] },
  signal: AbortSignal,
): Promise<void> {
  const remote = await lfsRemote(repository, { settings, gitDir, commit }, signal)
  for (const some of chunks(ids, IDS_AT_ONCE)) {
    const args = ['lfs', 'push', '--object-id', 'origin', ...some]
    const call = { args, gitDir, config: remote.config }
    const end = await callRemote({ settings, ...remote, gitDir }, call, signal)
    if (end.code !== 0) throw end.failure()
  }
}

/** Far from what a kernel takes as arguments of one program; Windows takes 32,767 characters. */
const IDS_AT_ONCE = 400

function demandLfs({ path }: GitSettings): void {
  if (locateProgram('git-lfs', path) !== null) return
  throw new StepFailed(
    'lfs-missing',
    'checkout.lfs needs git-lfs on the worker; install it there: apt-get install git-lfs',
  )
}

type StorageOf = { readonly url: string; readonly settings: GitSettings }

/** Where fetched contents lie: by address alone, for they are the same however much history is there. */
function storageFolder({ url, settings }: StorageOf): string {
  const name = createHash('sha256').update(url).digest('hex')
  return join(settings.cacheFolder, `${name}.lfs`)
}

const storageOf = ({ address, settings }: Cache): Config => [
  ['lfs.storage', storageFolder({ url: address.url, settings })],
]

/** A commit that a git folder holds. */
type Commit = Pick<Worktree, 'gitDir' | 'commit'>
type Here = Commit & { readonly settings: GitSettings }

/**
 * Where the objects are: with the repository, or where the commit's .lfsconfig says. That must be
 * an address that a job might name, and is logged in to as such.
 */
async function lfsRemote(
  repository: Address,
  { settings, gitDir, commit }: Here,
  signal: AbortSignal,
): Promise<{ readonly address: Address; readonly config: Config }> {
  const blob = `${commit}:.lfsconfig`
  const args = ['config', '--no-includes', '--blob', blob, '--get', 'lfs.url']
  const end = await git(settings, { args, gitDir }, signal)
  const named = end.code === 0 ? end.stdout.toString('utf8').trim() : ''
  const usual: Config = [['remote.origin.url', repository.url], ...CAREFUL]
  if (named === '' && repository.transport === 'file') {
    // The program would look for that repository's contents in the folder that GIT_DIR names.
    throw new StepFailed(
      'protocol-refused',
      `${repository.url}: Git LFS is fetched over http, https or ssh; submit without checkout.lfs`,
    )
  }
  if (named === '') return { address: repository, config: usual }
  const address = parseAddress(named, { ...settings.allow, file: false })
  return { address, config: [...usual, ['lfs.url', named]] }
}

/** No transfer program of a repository's choice, no questions about locks. */
const CAREFUL: Config = [
  ['lfs.basicTransfersOnly', 'true'],
  ['lfs.locksVerify', 'false'],
  ['lfs.transfer.maxRetries', '3'],
]
