import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The root folder of the git clone or of the installed package. */
export const PROGRAM_FOLDER = join(import.meta.dirname, '..', '..')

export function programVersion(): string {
  const manifest: { readonly version: string } = JSON.parse(
    readFileSync(join(PROGRAM_FOLDER, 'package.json'), 'utf8'),
  )
  return manifest.version
}
