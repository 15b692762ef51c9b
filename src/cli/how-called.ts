import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Environment } from '../config/read.ts'
import { quoted } from './print/quoted.ts'
import { PROGRAM_FOLDER } from './version.ts'

/**
 * The folder in which the person stands. `npm run` changes to the package's folder, and names the
 * folder in which npm was started in INIT_CWD. The variable is ignored unless npm runs a script of
 * this package here: a script of another package may call this program and means its own folder.
 */
export function standingIn(env: Environment, cwd: string): string {
  const isOurScript = env['npm_package_json'] === join(PROGRAM_FOLDER, 'package.json')
  const started = env['INIT_CWD'] ?? ''
  return isOurScript && cwd === PROGRAM_FOLDER && started !== '' ? started : cwd
}

/**
 * How to call this program from a folder. In a git clone, npm finds a suitable Node, but no command
 * `millwright` exists unless the person has linked one.
 * @param script the path by which Node was started
 */
export function programCall(script: string | undefined, folder: string): string {
  const isClone = existsSync(join(PROGRAM_FOLDER, 'src', 'main.ts'))
  if (!isClone || basename(script ?? '') === 'millwright') return 'millwright'
  const prefix = folder === PROGRAM_FOLDER ? '' : ` --prefix ${quoted(PROGRAM_FOLDER)}`
  return `npm${prefix} run millwright --`
}
