import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { readIfPresent } from '../platform/read-if-present.ts'
import { AS_BYTES } from './archive-attributes.ts'
import { copyIndex } from './index-copy.ts'
import { LFS_FILTER_LOCAL } from './lfs.ts'
import { formatOf } from './object-format.ts'
import { branchFile, makeRepository } from './repository-folder.ts'
import type { Workspace } from './workspace.ts'

/**
 * Creates the agent's own repository in the work tree. The repository reads the history from the
 * workspace's `objects` folder. Its index is a copy of the platform's index, so `git status` is
 * fast and shows no changes at first. The platform never reads this repository, so the agent can do
 * no harm by changing it.
 */
export async function makeAgentsRepository(workspace: Omit<Workspace, 'notes'>): Promise<void> {
  const { tree, gitDir, base, objects, options } = workspace
  const folder = join(tree, '.git')
  const branch = base.branch ?? 'work'
  await makeRepository(folder, {
    bare: false,
    branch,
    objectFormat: formatOf(base.commit),
    alternates: objects,
    shallow: (await readIfPresent(join(gitDir, 'shallow'))) ?? '',
    sparse: options.sparse,
    attributes: workspace.repository === null ? AS_BYTES : '',
    config: options.lfs ? USER + LFS_FILTER_LOCAL : USER,
  })
  const ref = branchFile(folder, branch)
  await mkdir(dirname(ref), { recursive: true })
  await writeFile(ref, `${base.commit}\n`)
  await copyIndex(join(gitDir, 'index'), join(folder, 'index'))
}

const USER = `[user]
\tname = Millwright
\temail = millwright@localhost
`
