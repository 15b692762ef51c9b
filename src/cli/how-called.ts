import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Environment } from '../config/read.ts'
import { quoted } from './print/quoted.ts'
import { PROGRAM_FOLDER } from './version.ts'

/**
 * The user's current folder. `npm run` starts a script in the package's folder and sets INIT_CWD to
 * the user's folder. INIT_CWD is used only if npm runs a script of this package. If a script of
 * another package calls this program, paths are relative to the folder of that script.
 */
export function standingIn(env: Environment, cwd: string): string {
  const isOurScript = env['npm_package_json'] === join(PROGRAM_FOLDER, 'package.json')
  const started = env['INIT_CWD'] ?? ''
  return isOurScript && cwd === PROGRAM_FOLDER && started !== '' ? started : cwd
}

/**
 * The command that starts this program from a folder: `millwright` if the program is installed or
 * linked, and `npm run millwright --` in a git clone, because npm scripts use the Node that npm has
 * installed.
 * @param script the path by which Node was started
 */
export function programCall(script: string | undefined, folder: string): string {
  const isClone = existsSync(join(PROGRAM_FOLDER, 'src', 'main.ts'))
  if (!isClone || basename(script ?? '') === 'millwright') return 'millwright'
  const prefix = folder === PROGRAM_FOLDER ? '' : ` --prefix ${quoted(PROGRAM_FOLDER)}`
  return `npm${prefix} run millwright --`
}
