import { dirname } from 'node:path'
import type { UpConfig } from '../config/settings.ts'
import type { Launch } from '../domain/launch.ts'
import type { WorkerIdentity } from '../domain/lease.ts'
import type { Logger } from '../platform/log.ts'
import { bubblewrap } from '../sandbox/bubblewrap.ts'
import { findBubblewrap } from '../sandbox/find-bubblewrap.ts'
import { unconfined } from '../sandbox/none.ts'

/** What the sandbox must know of the machine. */
export type Surroundings = {
  /** Folders and files that agents must not see: the data folder, files with secrets. */
  readonly hidden: readonly string[]
  readonly path: string
  readonly log: Logger
}

/** How the programs of a worker are started. */
export type Confinement = {
  readonly sandbox: WorkerIdentity['sandbox']
  readonly launchFor: (marker: string) => Launch
}

/**
 * Confines as the setting says. `required` never becomes `none` by itself: without a working
 * bubblewrap it throws `sandbox-missing`.
 */
export async function chooseSandbox(
  setting: UpConfig['sandbox'],
  { hidden, path, log }: Surroundings,
): Promise<Confinement> {
  if (setting === 'none') {
    return { sandbox: 'none', launchFor: (marker) => unconfined({ marker, log }) }
  }
  const bwrap = await findBubblewrap({ path, log })
  // Node may be installed in a home that the sandbox hides; tests of many repositories need it.
  const readable = [dirname(process.execPath)]
  return {
    sandbox: 'bubblewrap',
    launchFor: (marker) => bubblewrap({ bwrap, marker, hidden, readable, log }),
  }
}
