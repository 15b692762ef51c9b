import { mkdir, writeFile } from 'node:fs/promises'
import { join, sep } from 'node:path'

/** What a new git folder is to be. */
type RepositoryOptions = {
  readonly bare: boolean
  readonly branch: string
  /** An objects folder to read from as well. */
  readonly alternates?: string
  /** Commits whose parents are not there, as git writes them. */
  readonly shallow?: string
  /** Folders that its work tree is limited to. */
  readonly sparse?: readonly string[]
  /** Attributes that no .gitattributes file can change, as text. */
  readonly attributes?: string
  /** Further configuration, as text. */
  readonly config?: string
}

/**
 * Makes a git folder that holds nothing but what is needed: no hooks, no templates, no program
 * to start.
 */
export async function makeRepository(folder: string, options: RepositoryOptions): Promise<void> {
  const { bare, branch, alternates, shallow = '', sparse = [], attributes = '' } = options
  const { config = '' } = options
  branchFile(folder, branch)
  await mkdir(join(folder, 'objects', 'info'), { recursive: true })
  await mkdir(join(folder, 'objects', 'pack'), { recursive: true })
  await mkdir(join(folder, 'refs', 'heads'), { recursive: true })
  await writeFile(join(folder, 'config'), CONFIG(bare) + (sparse.length > 0 ? SPARSE : '') + config)
  if (sparse.length > 0) await writeInfo(folder, 'sparse-checkout', cone(sparse))
  if (attributes !== '') await writeInfo(folder, 'attributes', attributes)
  if (shallow !== '') await writeFile(join(folder, 'shallow'), shallow)
  if (alternates !== undefined) {
    await writeFile(join(folder, 'objects', 'info', 'alternates'), `${alternates}\n`)
  }
  // Last: a folder without HEAD is no repository.
  await writeFile(join(folder, 'HEAD'), `ref: refs/heads/${branch}\n`)
}

async function writeInfo(folder: string, name: string, text: string): Promise<void> {
  await mkdir(join(folder, 'info'), { recursive: true })
  await writeFile(join(folder, 'info', name), text)
}

/** The file of a branch in a git folder. Throws for a name that leads out of the branches. */
export function branchFile(folder: string, branch: string): string {
  const heads = join(folder, 'refs', 'heads')
  const file = join(heads, branch)
  if (file.startsWith(heads + sep)) return file
  throw new Error(`${JSON.stringify(branch)} is no branch: it leads out of ${heads}`)
}

/** Automatic collection is off: objects must outlive the jobs that read them through alternates. */
const CONFIG = (bare: boolean): string => `[core]
\trepositoryformatversion = 0
\tfilemode = ${process.platform !== 'win32'}
\tbare = ${bare}
[gc]
\tauto = 0
[maintenance]
\tauto = false
`

const SPARSE = `[core]
\tsparseCheckout = true
\tsparseCheckoutCone = true
`

/** The folders with all below them, and the files that lie directly above them. */
function cone(folders: readonly string[]): string {
  const whole = new Set(folders)
  const above = new Set(folders.flatMap(ancestors).filter((folder) => !whole.has(folder)))
  const lines = [...above].flatMap((folder) => [`/${folder}/`, `!/${folder}/*/`])
  return ['/*', '!/*/', ...lines, ...[...whole].map((folder) => `/${folder}/`), ''].join('\n')
}

/** `a/b/c` lies in `a` and `a/b`; the outer ones come first. */
function ancestors(folder: string): string[] {
  const parts = folder.split('/')
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'))
}
