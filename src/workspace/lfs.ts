// Git LFS. The program git-lfs fetches and pushes objects. We always run it through `git`, so that
// it gets only our configuration and the credential for that call. All jobs with the same
// repository URL share the fetched objects. Objects that an agent created are in the attempt's git
// directory.
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
 * Prevents downloads in local calls. Otherwise, git-lfs would fetch missing objects from the URL in
 * the tree's .lfsconfig, whether or not this worker allows that URL. Nothing listens on port 1.
 */
const NO_DOWNLOAD: Config = [
  ['lfs.url', 'http://127.0.0.1:1/'],
  ['lfs.transfer.maxRetries', '0'],
]

/** Git configuration for the platform's git directory: converts contents to pointers and back. */
export const lfsFilter = (gitDir: string): string => `[filter "lfs"]
\tprocess = git-lfs filter-process
\trequired = true
[lfs]
\tstorage = ${quoted(join(gitDir, 'lfs'))}
`

/** Quotes a string as a value for a git configuration file. */
const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`

/** Git configuration for the agent's repository: converts contents to pointers, but not back. */
export const LFS_FILTER_LOCAL = `[filter "lfs"]
\tprocess = git-lfs filter-process --skip
\trequired = true
`

/** Options for a checkout that writes the contents of fetched objects instead of pointers. */
export const lfsCheckout = (cache: Cache) => ({
  config: [...storageOf(cache), ...NO_DOWNLOAD],
  env: { GIT_LFS_SKIP_SMUDGE: '0' },
})

/** Path of an LFS object that an agent created in this attempt or an earlier one. */
export const lfsObjectFile = (gitDir: string, id: string): string =>
  join(gitDir, 'lfs', 'objects', id.slice(0, 2), id.slice(2, 4), id)

/** Moves a file into the attempt's git directory as an LFS object. The id is the file's SHA-256. */
export async function addLfsObject(
  gitDir: string,
  file: string,
  signal: AbortSignal,
): Promise<void> {
  const object = lfsObjectFile(gitDir, await fileDigest(file, signal))
  await mkdir(dirname(object), { recursive: true })
  await rename(file, object)
}

/**
 * Options for applying a patch: writes contents for objects that exist locally, and pointers
 * otherwise.
 */
export const LFS_PATCH = {
  config: NO_DOWNLOAD,
  env: { GIT_LFS_SKIP_SMUDGE: '0', GIT_LFS_SKIP_DOWNLOAD_ERRORS: '1' },
}

/**
 * Options for writing a tree whose LFS objects are in the attempt's git directory or in the cache.
 * git-lfs also searches the `lfs` folder next to each alternate `objects` folder. The options
 * therefore add an empty `objects` folder as an alternate, next to an `lfs` link to the cache.
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
  return { config: NO_DOWNLOAD, env }
}

/**
 * Fetches the Git LFS objects of a commit. Throws StepFailed `lfs-missing` if git-lfs is not
 * installed, or the failure to reach the remote.
 */
export async function fetchLfs(
  cache: Cache,
  { gitDir, commit }: Commit,
  signal: AbortSignal,
): Promise<void> {
  const { settings } = cache
  requireLfs(settings)
  const remote = await lfsRemote(cache.address, { settings, gitDir, commit }, signal)
  const config = [...remote.config, ...storageOf(cache)]
  const storage = storageFolder({ url: cache.address.url, settings })
  await noteUse(storage)
  const call = { args: ['lfs', 'fetch', 'origin', commit], gitDir, config }
  const end = await callRemote({ settings, ...remote, gitDir }, call, signal)
  if (end.code !== 0) throw end.failure()
  await noteUse(storage)
}

/** Uploads the LFS objects with these ids from the attempt's git directory. */
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

/** Ids per command line: 400 × 65 characters stay below Windows' limit of 32,767 characters. */
const IDS_AT_ONCE = 400

function requireLfs({ path }: GitSettings): void {
  if (locateProgram('git-lfs', path) !== null) return
  throw new StepFailed(
    'lfs-missing',
    '--lfs (checkout.lfs) needs git-lfs on the worker; install it there: apt-get install git-lfs',
  )
}

type StorageOf = { readonly url: string; readonly settings: GitSettings }

/** The folder for a URL's fetched LFS objects, shared by that URL's caches of all depths. */
function storageFolder({ url, settings }: StorageOf): string {
  const name = createHash('sha256').update(url).digest('hex')
  return join(settings.cacheFolder, `${name}.lfs`)
}

const storageOf = ({ address, settings }: Cache): Config => [
  ['lfs.storage', storageFolder({ url: address.url, settings })],
]

/** A commit and the git directory that contains it. */
type Commit = Pick<Worktree, 'gitDir' | 'commit'>
type Here = Commit & { readonly settings: GitSettings }

/**
 * Finds the LFS server: the one named in the commit's .lfsconfig or, if there is none, the
 * repository's own. A URL from .lfsconfig must be an http, https or ssh URL that this worker
 * allows. The worker's credential rules apply to that URL, too.
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
  const usual: Config = [['remote.origin.url', repository.url], ...SAFE_TRANSFER]
  if (named === '' && repository.transport === 'file') {
    // For a local repository, git-lfs would wrongly read objects from the git directory in GIT_DIR.
    throw new StepFailed(
      'protocol-refused',
      `${repository.url}: Git LFS requires http, https or ssh; submit the job without --lfs (checkout.lfs)`,
    )
  }
  if (named === '') return { address: repository, config: usual }
  const address = parseAddress(named, { ...settings.allow, file: false })
  return { address, config: [...usual, ['lfs.url', named]] }
}

/** Disables custom transfer programs and file lock checks. Limits retries. */
const SAFE_TRANSFER: Config = [
  ['lfs.basicTransfersOnly', 'true'],
  ['lfs.locksVerify', 'false'],
  ['lfs.transfer.maxRetries', '3'],
]
