import { createReadStream } from 'node:fs'
import { access } from 'node:fs/promises'
import { chunks } from '../platform/chunks.ts'
import { mustGit } from './git.ts'
import { lfsObjectFile } from './lfs.ts'
import type { Workspace } from './workspace.ts'

/** A larger file is not a pointer, according to docs/spec.md of Git LFS. */
const POINTER_BYTES_MAX = 1024
const POINTER =
  /^version https:\/\/git-lfs\.github\.com\/spec\/v1\n(?:.*\n)*?oid sha256:([0-9a-f]{64})\n/

/** Ids of the Git LFS objects that the tree points to and that the agent created. */
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
  const small = await smallBlobs({ settings, gitDir }, blobs.join('\n'), signal)
  const ids = new Set<string>()
  for (const blobsAtOnce of chunks(small, BLOBS_AT_ONCE)) {
    const call = { args: ['cat-file', '--batch'], gitDir, stdin: `${blobsAtOnce.join('\n')}\n` }
    for (const text of contentsIn(await mustGit(settings, call, signal))) {
      const [, id] = POINTER.exec(text) ?? []
      if (id !== undefined && (await hasObject(gitDir, id))) ids.add(id)
    }
  }
  return [...ids]
}

const POINTED_TO = /^\+oid sha256:([0-9a-f]{64})$/gm
const POINTED_TO_LENGTH = 80

/**
 * Ids of the Git LFS objects that a patch points to. Reads the patch in chunks, because its lines
 * can be of any length.
 */
export async function lfsIdsIn(patchFile: string): Promise<ReadonlySet<string>> {
  const ids = new Set<string>()
  let end = ''
  for await (const piece of createReadStream(patchFile, 'latin1')) {
    const text = `${end}${piece}`
    for (const [, id] of text.matchAll(POINTED_TO)) if (id !== undefined) ids.add(id)
    end = text.slice(-POINTED_TO_LENGTH)
  }
  return ids
}

/** Maximum number of blobs that one git call reads, to limit the memory for git's output. */
const BLOBS_AT_ONCE = 10_000

/**
 * Extracts the contents of the objects from the output of `git cat-file --batch`.
 * @param answers for each object: `object type size`, a line break, `size` bytes, a line break
 */
function* contentsIn(answers: Buffer): Generator<string> {
  for (let at = 0; at < answers.length;) {
    const start = answers.indexOf(LINE_BREAK, at) + 1
    const end = start + Number(answers.toString('latin1', at, start).split(' ')[2])
    yield answers.toString('latin1', start, end)
    at = end + 1
  }
}

const LINE_BREAK = 0x0a

async function smallBlobs(
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

/**
 * Whether the object is in the attempt's git directory, which contains only objects that an agent
 * created.
 */
const hasObject = (gitDir: string, id: string): Promise<boolean> =>
  access(lfsObjectFile(gitDir, id)).then(
    () => true,
    () => false,
  )
