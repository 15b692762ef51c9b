import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAppError } from '../domain/errors.ts'
import { git, type GitSettings, mustGit } from '../workspace/git.ts'
import { versionOf } from '../platform/version-of.ts'
import { gitSettings } from '../compose/git.ts'
import { type Check, failure, ok } from './finding.ts'

const TIMEOUT_MS = 30_000

/** Whether git is there, and refuses what a hostile repository would send. */
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
      timeoutMs: TIMEOUT_MS,
    }
    const refused = await refusesHostileTree(settings, folder)
    if (refused) return [ok('git', `${version}; refuses a hostile tree`)]
    return [
      failure(
        'git',
        `${version} took a tree that holds a .git folder, as an attacker would send it`,
        'Update git: this one lets repositories attack the worker.',
      ),
    ]
  } catch (error) {
    if (!isAppError(error, 'usage-invalid')) throw error
    return [failure('git', error.message, error.fix)]
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Behaviour, not a version number: distributions fix old versions without renumbering them. */
async function refusesHostileTree(settings: GitSettings, folder: string): Promise<boolean> {
  const signal = AbortSignal.timeout(2 * TIMEOUT_MS)
  const [sender, receiver] = [join(folder, 'sender.git'), join(folder, 'receiver.git')]
  const say = async (gitDir: string, args: readonly string[], stdin = ''): Promise<string> =>
    (await mustGit(settings, { args, gitDir, stdin, env: PERSON }, signal)).toString('utf8').trim()
  for (const gitDir of [sender, receiver]) await say(gitDir, ['init', '-q', '--bare', gitDir])
  const blob = await say(sender, ['hash-object', '-w', '--stdin'], 'x')
  const inner = await say(sender, ['mktree'], `100644 blob ${blob}\tconfig\n`)
  const tree = await say(sender, ['mktree'], `040000 tree ${inner}\t.git\n`)
  const commit = await say(sender, ['commit-tree', '-m', 'hostile', tree])
  await say(sender, ['update-ref', 'refs/heads/main', commit])
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
