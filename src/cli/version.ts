import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The folder of the program: of the repository, or of the installed package. */
export const PROGRAM_FOLDER = join(import.meta.dirname, '..', '..')

/** How this program is called from here: a checkout has no command of its own. */
export const programCall = (): string =>
  existsSync(join(PROGRAM_FOLDER, 'src', 'main.ts')) ? 'npm run millwright --' : 'millwright'

/** This program's version, as its package says. */
export function programVersion(): string {
  const manifest: { readonly version: string } = JSON.parse(
    readFileSync(join(PROGRAM_FOLDER, 'package.json'), 'utf8'),
  )
  return manifest.version
}
