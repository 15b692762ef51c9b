import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAppError } from '../domain/errors.ts'
import { git, type GitSettings, mustGit } from '../workspace/git.ts'
import { versionOf } from '../platform/version-of.ts'
import { gitSettings } from '../compose/git.ts'
import { type Check, failure, ok } from './finding.ts'

const TIMEOUT_MS = 30_000

/**
 * Checks that git is installed, and that it refuses a tree that contains a .git folder. An attacker
 * could send such a tree.
 */
export const checkGit: Check = async ({ config, env, cwd, path }) => {
  const version = await versionOf('git', path)
  if (version === null) {
    return [failure('git', 'is not on the PATH', 'Install it: apt-get install git')]
  }
  const folder = await mkdtemp(join(tmpdir(), 'millwright-doctor-'))
  try {
    const settings = {
      ...gitSettings({ ...config, allowLocal: true }, { folder, path, env, cwd }),
      cacheFolder: folder,
      configFile: '/dev/null',
      timeoutMs: TIMEOUT_MS,
    }
    const refused = await refusesHostileTree(settings, folder)
    if (refused) return [ok('git', `${version}; refuses a tree with a .git folder`)]
    return [
      failure(
        'git',
        `${version} accepted a tree with a .git folder, which an attacker could send`,
        'Update git: with this version, a repository can attack the worker.',
      ),
    ]
  } catch (error) {
    if (!isAppError(error, 'usage-invalid')) throw error
    return [failure('git', error.message, error.fix)]
  } finally {
    await rm(folder, { recursive: true })
  }
}

/**
 * Tests git's behavior instead of its version number, because distributions fix old versions
 * without changing the number.
 */
async function refusesHostileTree(settings: GitSettings, folder: string): Promise<boolean> {
  const signal = AbortSignal.timeout(2 * TIMEOUT_MS)
  const [sender, receiver] = [join(folder, 'sender.git'), join(folder, 'receiver.git')]
  const run = async (gitDir: string, args: readonly string[], stdin = ''): Promise<string> =>
    (await mustGit(settings, { args, gitDir, stdin, env: PERSON }, signal)).toString('utf8').trim()
  for (const gitDir of [sender, receiver]) await run(gitDir, ['init', '-q', '--bare', gitDir])
  const blob = await run(sender, ['hash-object', '-w', '--stdin'], 'x')
  const inner = await run(sender, ['mktree'], `100644 blob ${blob}\tconfig\n`)
  const tree = await run(sender, ['mktree'], `040000 tree ${inner}\t.git\n`)
  const commit = await run(sender, ['commit-tree', '-m', 'hostile', tree])
  await run(sender, ['update-ref', 'refs/heads/main', commit])
  const fetched = await git(
    settings,
    {
      args: ['fetch', '-q', sender, 'refs/heads/main'],
      gitDir: receiver,
      config: [['protocol.file.allow', 'always']],
    },
    signal,
  )
  return fetched.code !== 0
}

const PERSON = {
  GIT_AUTHOR_NAME: 'doctor',
  GIT_AUTHOR_EMAIL: 'doctor@localhost',
  GIT_COMMITTER_NAME: 'doctor',
  GIT_COMMITTER_EMAIL: 'doctor@localhost',
}
