import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Makes a git folder that holds nothing but what is needed: no hooks, no templates, no program
 * to start.
 * @param alternates an objects folder to read from as well
 */
export async function makeRepository(
  folder: string,
  options: { readonly bare: boolean; readonly branch: string; readonly alternates?: string },
): Promise<void> {
  await mkdir(join(folder, 'objects', 'info'), { recursive: true })
  await mkdir(join(folder, 'objects', 'pack'), { recursive: true })
  await mkdir(join(folder, 'refs', 'heads'), { recursive: true })
  await writeFile(join(folder, 'config'), CONFIG(options.bare))
  if (options.alternates !== undefined) {
    await writeFile(join(folder, 'objects', 'info', 'alternates'), `${options.alternates}\n`)
  }
  // Last: a folder without HEAD is no repository.
  await writeFile(join(folder, 'HEAD'), `ref: refs/heads/${options.branch}\n`)
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
