import { mkdir, writeFile } from 'node:fs/promises'
import { join, sep } from 'node:path'
import type { ObjectFormat } from './object-format.ts'

/** Contents of a new git directory. */
type RepositoryOptions = {
  readonly bare: boolean
  readonly branch: string
  readonly objectFormat: ObjectFormat
  /** Path of another repository's `objects` folder, from which git also reads objects. */
  readonly alternates?: string
  /** Commits whose parents are missing, in the format of git's `shallow` file. */
  readonly shallow?: string
  /** Folders to check out. An empty list checks out the whole tree. */
  readonly sparse?: readonly string[]
  /** Text of `info/attributes`, which overrides every .gitattributes file. */
  readonly attributes?: string
  /** Additional configuration, as text. */
  readonly config?: string
}

/**
 * Creates a minimal git directory without hooks or templates. Its configuration runs no programs
 * unless `options.config` does.
 */
export async function makeRepository(folder: string, options: RepositoryOptions): Promise<void> {
  const {
    bare,
    branch,
    objectFormat,
    alternates,
    shallow = '',
    sparse = [],
    attributes = '',
  } = options
  const { config = '' } = options
  branchFile(folder, branch)
  await mkdir(join(folder, 'objects', 'info'), { recursive: true })
  await mkdir(join(folder, 'objects', 'pack'), { recursive: true })
  await mkdir(join(folder, 'refs', 'heads'), { recursive: true })
  const settings = CONFIG(bare, objectFormat) + (sparse.length > 0 ? SPARSE : '') + config
  await writeFile(join(folder, 'config'), settings)
  if (sparse.length > 0) await writeInfo(folder, 'sparse-checkout', cone(sparse))
  if (attributes !== '') await writeInfo(folder, 'attributes', attributes)
  if (shallow !== '') await writeFile(join(folder, 'shallow'), shallow)
  if (alternates !== undefined) {
    await writeFile(join(folder, 'objects', 'info', 'alternates'), `${alternates}\n`)
  }
  // Write HEAD last, because git recognizes a repository by it.
  await writeFile(join(folder, 'HEAD'), `ref: refs/heads/${branch}\n`)
}

async function writeInfo(folder: string, name: string, text: string): Promise<void> {
  await mkdir(join(folder, 'info'), { recursive: true })
  await writeFile(join(folder, 'info', name), text)
}

/** Path of a branch's ref file. Throws if the branch name points outside refs/heads. */
export function branchFile(folder: string, branch: string): string {
  const heads = join(folder, 'refs', 'heads')
  const file = join(heads, branch)
  if (file.startsWith(heads + sep)) return file
  throw new Error(
    `${JSON.stringify(branch)} is not a valid branch name: it points outside ${heads}`,
  )
}

/** Disables automatic garbage collection, because other git directories may read these objects. */
const CONFIG = (bare: boolean, format: ObjectFormat): string => `${EXTENSIONS[format]}[core]
\trepositoryformatversion = ${format === 'sha1' ? 0 : 1}
\tfilemode = ${process.platform !== 'win32'}
\tbare = ${bare}
[gc]
\tauto = 0
[maintenance]
\tauto = false
`

/** Git reads extensions only from a repository of format version 1. */
const EXTENSIONS: Readonly<Record<ObjectFormat, string>> = {
  sha1: '',
  sha256: '[extensions]\n\tobjectFormat = sha256\n',
}

const SPARSE = `[core]
\tsparseCheckout = true
\tsparseCheckoutCone = true
`

/**
 * Sparse-checkout patterns in git's cone mode. For `src/web`, they match everything in src/web, and
 * the files directly in src and in the root.
 */
function cone(folders: readonly string[]): string {
  const whole = new Set(folders)
  const above = new Set(folders.flatMap(ancestors).filter((folder) => !whole.has(folder)))
  const lines = [...above].flatMap((folder) => [`/${folder}/`, `!/${folder}/*/`])
  return ['/*', '!/*/', ...lines, ...[...whole].map((folder) => `/${folder}/`), ''].join('\n')
}

/** The parent folders of a path, outermost first: `a` and `a/b` for `a/b/c`. */
function ancestors(folder: string): string[] {
  const parts = folder.split('/')
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'))
}
