import { dirname } from 'node:path'
import type { UpConfig } from '../config/settings.ts'
import type { Launch } from '../domain/launch.ts'
import type { WorkerIdentity } from '../domain/lease.ts'
import type { Logger } from '../platform/log.ts'
import { bubblewrap } from '../sandbox/bubblewrap.ts'
import { findBubblewrap } from '../sandbox/find-bubblewrap.ts'
import { unconfined } from '../sandbox/none.ts'

/** What the sandbox needs to know about the machine. */
type Machine = {
  /** Folders and files that agents must not see: the data folder, files with secrets. */
  readonly hidden: readonly string[]
  readonly path: string
  readonly log: Logger
}

/** How a worker starts programs. */
export type Confinement = {
  readonly sandbox: WorkerIdentity['sandbox']
  readonly launchFor: (marker: string) => Launch
}

/**
 * The sandbox that the setting asks for. `required` never falls back to `none`: without a working
 * bubblewrap it throws `sandbox-missing`.
 */
export async function chooseSandbox(
  setting: UpConfig['sandbox'],
  { hidden, path, log }: Machine,
): Promise<Confinement> {
  if (setting === 'none') {
    return { sandbox: 'none', launchFor: (marker) => unconfined({ marker, log }) }
  }
  const bwrap = await findBubblewrap({ path, log })
  // Node may be in a home directory, which the sandbox hides, and many repositories test with Node.
  const readable = [dirname(process.execPath)]
  return {
    sandbox: 'bubblewrap',
    launchFor: (marker) => bubblewrap({ bwrap, marker, hidden, readable, log }),
  }
}
