import type { UpConfig } from '../../config/settings.ts'
import { isAppError } from '../../domain/errors.ts'
import { locateProgram } from '../../platform/locate-program.ts'
import type { Logger } from '../../platform/log.ts'
import { findBubblewrap } from '../../sandbox/find-bubblewrap.ts'
import type { Printer } from '../print/printer.ts'
import { runOrThrow } from '../run-or-throw.ts'

/**
 * Chooses the demo's sandbox. If bubblewrap is missing and this user may install Debian packages,
 * installs it. If bubblewrap still does not work, warns and returns `none`. Only the demo falls
 * back to `none`. This is safe because the demo's agent only follows a script from this package.
 */
export async function prepareSandbox(
  print: Printer,
  { path, log }: { readonly path: string; readonly log: Logger },
): Promise<UpConfig['sandbox']> {
  const missing = await whyNot(path, log)
  if (missing === null) return 'required'
  if (locateProgram('bwrap', path) === null && mayInstall(path)) {
    print.line('The sandbox bubblewrap is missing; installing it with apt-get …')
    const failure = await install(path)
    const still = failure ?? (await whyNot(path, log))
    if (still === null) return 'required'
    warn(print, still)
    return 'none'
  }
  warn(print, missing)
  return 'none'
}

async function whyNot(path: string, log: Logger): Promise<string | null> {
  try {
    await findBubblewrap({ path, log })
    return null
  } catch (error) {
    if (!isAppError(error, 'sandbox-missing')) throw error
    return error.message
  }
}

const mayInstall = (path: string): boolean =>
  process.getuid?.() === 0 && locateProgram('apt-get', path) !== null

/** Installs bubblewrap. Returns null on success; otherwise, why it failed. */
async function install(path: string): Promise<string | null> {
  const apt = (...args: readonly string[]): Promise<string> =>
    runOrThrow(['apt-get', ...args], { cwd: '/', path })
  const installPackage = () => apt('install', '-y', '--no-install-recommends', 'bubblewrap')
  try {
    // A fresh machine or container has no package lists yet.
    await installPackage().catch(async () => {
      await apt('update')
      await installPackage()
    })
    return null
  } catch (error) {
    if (!isAppError(error, 'command-failed')) throw error
    return error.message
  }
}

function warn(print: Printer, why: string): void {
  print.line('')
  print.line(print.paint(['bold', 'red'], 'WITHOUT A SANDBOX: the demo’s agent runs unconfined.'))
  print.line(`  ${why}`)
  print.line('  to fix this, run: apt-get install bubblewrap')
  print.line('  (millwright up and millwright worker refuse to start without a sandbox.)')
  print.line('')
}
