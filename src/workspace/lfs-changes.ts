import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { mustGit } from './git.ts'
import type { Workspace } from './workspace.ts'

/** Git LFS writes no larger pointer. */
const POINTER_BYTES_MAX = 1024
const POINTER =
  /^version https:\/\/git-lfs\.github\.com\/spec\/v1\n(?:.*\n)*?oid sha256:([0-9a-f]{64})\n/

/** Objects of Git LFS that the agent made and that the tree points to, by their ids. */
export async function newLfsObjects(
  { settings, gitDir, base, options }: Workspace,
  tree: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (!options.lfs) return []
  const args = ['diff-tree', '-r', '--no-renames', '--diff-filter=d', base.commit, tree]
  const changed = (await mustGit(settings, { args, gitDir }, signal)).toString('latin1')
  const blobs = [...changed.matchAll(/^:\d+ 100\d+ [0-9a-f]+ ([0-9a-f]+) /gm)].map(([, id]) => id)
  if (blobs.length === 0) return []
  const small = await smallOnes({ settings, gitDir }, blobs.join('\n'), signal)
  const ids = new Set<string>()
  for (const blob of small) {
    const call = { args: ['cat-file', 'blob', blob], gitDir }
    const [, id] = POINTER.exec((await mustGit(settings, call, signal)).toString('latin1')) ?? []
    if (id !== undefined && (await isThere(gitDir, id))) ids.add(id)
  }
  return [...ids]
}

async function smallOnes(
  { settings, gitDir }: Pick<Workspace, 'settings' | 'gitDir'>,
  blobs: string,
  signal: AbortSignal,
): Promise<string[]> {
  const args = ['cat-file', '--batch-check=%(objectname) %(objectsize)']
  const answer = await mustGit(settings, { args, gitDir, stdin: `${blobs}\n` }, signal)
  const sizes = answer.toString('latin1').trim().split('\n')
  return sizes.flatMap((line) => {
    const [name = '', size] = line.split(' ')
    return Number(size) <= POINTER_BYTES_MAX ? [name] : []
  })
}

/** What is only pointed to was there before, or never: the remote knows. */
const isThere = (gitDir: string, id: string): Promise<boolean> =>
  access(join(gitDir, 'lfs', 'objects', id.slice(0, 2), id.slice(2, 4), id)).then(
    () => true,
    () => false,
  )
