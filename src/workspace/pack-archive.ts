import { randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { AS_BYTES } from './archive-attributes.ts'
import { COMMIT_TIME } from './archive-entries.ts'
import { ARCHIVE_LIMITS, archiveNames, checkLink } from './archive-names.ts'
import { mustGit } from './git.ts'
import { formatOf } from './object-format.ts'
import { splitNul } from './paths.ts'
import { makeRepository } from './repository-folder.ts'
import type { Workspace } from './workspace.ts'

/**
 * Writes a tree of this workspace as a gzipped tar archive, with the bytes of each file unchanged.
 * The same tree always gives the same archive. Throws StepFailed `archive-invalid` for a name or
 * link that `prepareArchive` would reject, so that every archive is safe to unpack.
 */
export async function packArchive(
  workspace: Workspace,
  { tree, file }: { readonly tree: string; readonly file: string },
  signal: AbortSignal,
): Promise<void> {
  await checkTree(workspace, tree, signal)
  const { settings, gitDir } = workspace
  // Use a separate git directory, so that only the attributes in AS_BYTES apply.
  const packing = join(gitDir, `pack-${randomUUID()}`)
  const tar = `${packing}.tar`
  try {
    const alternates = join(gitDir, 'objects')
    await makeRepository(packing, {
      bare: true,
      branch: 'base',
      objectFormat: formatOf(tree),
      alternates,
      attributes: AS_BYTES,
    })
    // Archive a commit, not the tree itself: for a tree, `git archive` sets file times to now.
    const commitTree = {
      args: ['commit-tree', '-m', 'packed', tree],
      gitDir: packing,
      env: IDENTITY,
    }
    const commit = (await mustGit(settings, commitTree, signal)).toString('latin1').trim()
    const archive = { args: ['archive', '--format=tar', commit], gitDir: packing, config: MODES }
    await mustGit(settings, { ...archive, stdoutFile: tar, stdoutBytesMax: Infinity }, signal)
    await pipeline(createReadStream(tar), createGzip(), createWriteStream(file), { signal })
  } finally {
    await rm(packing, { recursive: true, force: true })
    await rm(tar, { force: true })
  }
}

const MODES = [['tar.umask', '0022']] as const

const IDENTITY = {
  GIT_AUTHOR_NAME: 'Millwright',
  GIT_AUTHOR_EMAIL: 'millwright@localhost',
  GIT_AUTHOR_DATE: COMMIT_TIME,
  GIT_COMMITTER_NAME: 'Millwright',
  GIT_COMMITTER_EMAIL: 'millwright@localhost',
  GIT_COMMITTER_DATE: COMMIT_TIME,
}

async function checkTree(
  { settings, gitDir }: Workspace,
  tree: string,
  signal: AbortSignal,
): Promise<void> {
  const names = archiveNames(ARCHIVE_LIMITS)
  const list = { args: ['ls-tree', '-r', '-z', tree], gitDir }
  for (const entry of splitNul(await mustGit(settings, list, signal))) {
    const [, mode, object = '', name = ''] =
      /^(\d+) \w+ ([0-9a-f]+)\t(.*)$/s.exec(entry.toString('utf8')) ?? []
    const path = names.add(name, 'file')
    if (mode !== '120000') continue
    const target = await mustGit(settings, { args: ['cat-file', 'blob', object], gitDir }, signal)
    checkLink(path, target.toString('utf8'))
  }
}
