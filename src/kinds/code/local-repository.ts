import { stat } from 'node:fs/promises'
import { isAbsolute, resolve } from 'node:path'
import { AppError, isAppError } from '../../domain/errors.ts'
import { nameSome } from '../../domain/name-some.ts'
import { plural } from '../../domain/plural.ts'
import { type ProgramEnd, runProgram } from '../../platform/run-program.ts'
import type { Typed } from '../kind.ts'

/** Timeout of each git call, in milliseconds. After a timeout, no warning is printed. */
const STATUS_MS_MAX = 3000
const STATUS_BYTES_MAX = 1024 * 1024
const NAMED_MAX = 3

/** Looks like `github.com/you/app`: a host name with a dot, then a path. */
const HOST_AND_PATH = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}\/[^\s:]+$/i

type Here = Pick<Typed, 'cwd' | 'path' | 'note'>

/**
 * Resolves the value of `--repo`. Returns the absolute path of an existing folder, and returns any
 * other absolute path or address unchanged. Warns about uncommitted changes in the folder, about a
 * folder that is not the top folder of a repository, and about an absolute path that does not exist
 * on this machine. Throws `usage-invalid` for a relative path that does not exist.
 */
export async function repositoryAddress(given: string, here: Here): Promise<string> {
  const path = resolve(here.cwd, given)
  if (await isFolder(path)) {
    if (here.note === null) return path
    const wrong = await whyNoRepository(path, here.path)
    if (wrong === null) await noteUncommitted(path, here.path, here.note)
    else here.note(wrong)
    return path
  }
  if (isAbsolute(given)) {
    here.note?.(
      `There is no folder ${given} on this machine; only a worker that has it can run the job`,
    )
    return given
  }
  if (given.includes(':')) return given
  const advice = HOST_AND_PATH.test(given)
    ? `Did you mean https://${given}?`
    : 'For a remote repository, give the whole URL, such as https://github.com/you/app'
  throw new AppError('usage-invalid', `--repo ${given}: no such folder in ${here.cwd}. ${advice}`)
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )

/**
 * Says that a folder is not a repository or not its top folder. Returns null if it is, or if git
 * cannot tell, for example because another user owns the folder.
 */
async function whyNoRepository(folder: string, path: string): Promise<string | null> {
  try {
    const { code, stdout, stderr } = await gitIn(folder, path, ['rev-parse', '--show-cdup'])
    if (stderr.includes('not a git repository')) return `${folder} is not a git repository`
    const up = stdout.toString('utf8').trim()
    if (code !== 0 || up === '') return null
    const top = resolve(folder, up)
    return `${folder} is not the top folder of a git repository; did you mean --repo ${top}?`
  } catch (error) {
    if (isAppError(error, 'program-unstartable')) return null
    throw error
  }
}

async function noteUncommitted(
  folder: string,
  path: string,
  note: (text: string) => void,
): Promise<void> {
  const changed = await uncommitted(folder, path)
  if (changed.length === 0) return
  const names = nameSome(changed, NAMED_MAX)
  note(
    `The job will not include the uncommitted changes in ${folder}: ${plural(changed.length, 'file')} (${names}). To include them, commit them and submit again`,
  )
}

/**
 * Lists the files with uncommitted changes in a working copy, including new files. Returns an empty
 * list if the folder is not a working copy, if the repository's settings name filter programs that
 * `git status` would run, or if git fails or takes too long.
 */
async function uncommitted(folder: string, path: string): Promise<readonly string[]> {
  try {
    const filters = await gitIn(folder, path, ['config', '--name-only', '--get-regexp', FILTERS])
    // Exit code 1 means that no setting matches.
    if (filters.code !== 1) return []
    const { code, exceeded, stdout } = await gitIn(folder, path, STATUS)
    return code === 0 && exceeded === null ? namesIn(stdout.toString('utf8')) : []
  } catch (error) {
    // Git is not installed on this machine, so there is no warning. The job uses the worker's git.
    if (isAppError(error, 'program-unstartable')) return []
    throw error
  }
}

/**
 * Matches the settings of filters. Git runs a file's filter to compare the file, and no option
 * prevents that.
 */
const FILTERS = String.raw`^filter\.`

/** Does not look into submodules, because git would apply each submodule's own settings there. */
const STATUS = ['status', '--porcelain=v1', '-z', '--ignore-submodules=dirty']

/**
 * Runs git with no settings except the repository's own, which the user may not have written. Git
 * runs no programs that these settings name, except filters.
 */
const gitIn = (folder: string, path: string, args: readonly string[]): Promise<ProgramEnd> =>
  runProgram({
    argv: ['git', '-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', ...args],
    cwd: folder,
    env: {
      PATH: path,
      LC_ALL: 'C',
      HOME: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_ATTR_NOSYSTEM: '1',
      GIT_TERMINAL_PROMPT: '0',
      // Prevents git from changing its index.
      GIT_OPTIONAL_LOCKS: '0',
      // Prevents a partial clone from fetching objects with a program that the clone's settings
      // name.
      GIT_NO_LAZY_FETCH: '1',
      GIT_ALLOW_PROTOCOL: 'none',
    },
    timeoutMs: STATUS_MS_MAX,
    stdoutBytesMax: STATUS_BYTES_MAX,
  })

/**
 * Parses the output of `git status -z`. Skips the old name that follows a renamed or copied file.
 */
function namesIn(status: string): readonly string[] {
  const names: string[] = []
  const fields = status.split('\0').values()
  for (const field of fields) {
    if (field === '') continue
    names.push(field.slice(3))
    if (/^[RC]/.test(field)) fields.next()
  }
  return names
}
