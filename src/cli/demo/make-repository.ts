import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { runOrThrow } from '../run-or-throw.ts'
import { PROGRAM_FOLDER } from '../version.ts'

const SAMPLE = join(PROGRAM_FOLDER, 'examples', 'demo')
const AUTHOR = { name: 'Demo', email: 'demo@localhost' }

/** The file with the responses that the demo replays instead of calling a model. */
export const DEMO_SCRIPT = join(SAMPLE, 'model.json')

/**
 * Creates two git repositories in a folder: one that contains the sample project, and a bare clone
 * of it. The demo uses the bare clone as its remote.
 * @returns the remote's path
 */
export async function makeDemoRepository(folder: string, path: string): Promise<string> {
  const project = join(folder, 'project')
  const remote = join(folder, 'remote.git')
  await mkdir(project)
  await cp(join(SAMPLE, 'project'), project, { recursive: true })
  const git = (...args: readonly string[]): Promise<string> =>
    runOrThrow(['git', ...identity, ...args], { cwd: project, path })
  await git('init', '--quiet', '--initial-branch=main')
  await git('add', '--all')
  await git('commit', '--quiet', '--message', 'A small library with a bug')
  await git('clone', '--quiet', '--bare', project, remote)
  return remote
}

const identity = ['-c', `user.name=${AUTHOR.name}`, '-c', `user.email=${AUTHOR.email}`] as const

/** Describes a branch's last commit: its author, message, trailers and changed files. */
export const describeBranch = (remote: string, branch: string, path: string): Promise<string> =>
  runOrThrow(
    ['git', '--git-dir', remote, 'log', '-1', '--stat', '--format=%h %an <%ae>%n%n%B', branch],
    { cwd: remote, path },
  )
