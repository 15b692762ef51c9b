import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { runOrThrow } from '../run-or-throw.ts'
import { PROGRAM_FOLDER } from '../version.ts'

const SAMPLE = join(PROGRAM_FOLDER, 'examples', 'demo')
const AUTHOR = { name: 'Demo', email: 'demo@localhost' }

/** The script that replaces the model. */
export const DEMO_SCRIPT = join(SAMPLE, 'model.json')

/**
 * Creates a git repository from the sample, and a bare remote of it, inside a folder.
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

/** The last commit of a branch, with its trailers and the files that it changes. */
export const describeBranch = (remote: string, branch: string, path: string): Promise<string> =>
  runOrThrow(
    ['git', '--git-dir', remote, 'log', '-1', '--stat', '--format=%h %an <%ae>%n%n%B', branch],
    { cwd: remote, path },
  )
