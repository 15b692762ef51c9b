import { stat } from 'node:fs/promises'
import { isAbsolute, resolve } from 'node:path'
import { AppError, isAppError } from '../../domain/errors.ts'
import { nameSome } from '../../domain/name-some.ts'
import { plural } from '../../domain/plural.ts'
import { runProgram } from '../../platform/run-program.ts'
import type { Typed } from '../kind.ts'

/** How long `git status` may take; in a huge repository, the warning is left out. */
const STATUS_MS_MAX = 3000
const STATUS_BYTES_MAX = 1024 * 1024
const NAMED_MAX = 3

/** Looks like `github.com/you/app`: a host name with a dot, then a path. */
const HOST_AND_PATH = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}\/[^\s:]+$/i

type Here = Pick<Typed, 'cwd' | 'path' | 'note'>

/**
 * Returns the absolute path if a folder on this machine was given; otherwise the text as given.
 * Notes what the person may not expect: changes that are not committed, and a missing folder. Throws
 * `usage-invalid` for what is neither a folder nor an address.
 */
export async function repositoryAddress(given: string, here: Here): Promise<string> {
  const path = resolve(here.cwd, given)
  if (await isFolder(path)) {
    if (here.note !== null) await noteUncommitted(path, here.path, here.note)
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

async function noteUncommitted(
  folder: string,
  path: string,
  note: (text: string) => void,
): Promise<void> {
  const changed = await uncommitted(folder, path)
  if (changed.length === 0) return
  const names = nameSome(changed, NAMED_MAX)
  note(
    `The job will not see what is not committed in ${folder}: ${plural(changed.length, 'file')} (${names})`,
  )
}

/**
 * The files with uncommitted changes in a working copy, new files included. Empty if the folder has
 * no working copy, or if git cannot say it in time.
 */
async function uncommitted(folder: string, path: string): Promise<readonly string[]> {
  try {
    const { code, exceeded, stdout } = await runProgram({
      // The repository's own settings must not start programs or change its index.
      argv: [
        'git',
        '--no-optional-locks',
        '-c',
        'core.fsmonitor=false',
        'status',
        '--porcelain=v1',
        '-z',
      ],
      cwd: folder,
      env: { PATH: path, LC_ALL: 'C', GIT_CONFIG_GLOBAL: '/dev/null', GIT_TERMINAL_PROMPT: '0' },
      timeoutMs: STATUS_MS_MAX,
      stdoutBytesMax: STATUS_BYTES_MAX,
    })
    return code === 0 && exceeded === null ? namesIn(stdout.toString('utf8')) : []
  } catch (error) {
    // Without git on this machine, the worker's git finds out all that matters.
    if (isAppError(error, 'program-unstartable')) return []
    throw error
  }
}

/** The names in the output of `git status -z`. After a renamed file, its earlier name follows. */
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
