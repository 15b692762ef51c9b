import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { isAppError } from '../domain/errors.ts'
import { silentLog } from '../platform/log.ts'
import { chooseSandbox } from '../compose/sandbox.ts'
import { type Check, failure, ok, warning } from './finding.ts'

/** Checks the sandbox by starting a confined program that tries to read a hidden file. */
export const checkSandbox: Check = async ({ config, path }) => {
  if (config.sandbox === 'none') {
    return [
      warning(
        'sandbox',
        'the setting "sandbox" is "none": agents are not confined',
        'Change the setting "sandbox" to "required".',
      ),
    ]
  }
  const hidden = await mkdtemp(join(tmpdir(), 'millwright-doctor-'))
  const secret = join(hidden, 'secret')
  try {
    await writeFile(secret, 'seen')
    const { launchFor } = await chooseSandbox('required', {
      hidden: [hidden],
      path,
      log: silentLog,
    })
    const child = await launchFor('doctor')({
      argv: ['sh', '-c', 'cat "$1" 2>/dev/null; echo tried', 'sh', secret],
      cwd: '/',
      env: { PATH: path },
      writable: [],
      readable: [],
    })
    const [said] = await Promise.all([text(child.stdout), child.exit])
    if (said === 'tried\n')
      return [ok('sandbox', 'bubblewrap; a confined program cannot read hidden files')]
    return [
      failure(
        'sandbox',
        'a confined program read a hidden file',
        'Do not run agents on this machine.',
      ),
    ]
  } catch (error) {
    if (!isAppError(error, 'sandbox-missing')) throw error
    return [failure('sandbox', error.message, error.fix)]
  } finally {
    await rm(hidden, { recursive: true })
  }
}
