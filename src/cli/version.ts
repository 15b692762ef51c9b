import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

/** The folder of the program: of the repository, or of the installed package. */
export const PROGRAM_FOLDER = join(import.meta.dirname, '..', '..')

/** This program's version, as its package says. */
export const programVersion = (): string =>
  z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(join(PROGRAM_FOLDER, 'package.json'), 'utf8'))).version
