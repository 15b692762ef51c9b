import { dirname } from 'node:path'
import type { UpConfig } from '../config/settings.ts'
import type { Launch } from '../domain/launch.ts'
import type { WorkerIdentity } from '../domain/lease.ts'
import type { Logger } from '../platform/log.ts'
import { bubblewrap } from '../sandbox/bubblewrap.ts'
import { findBubblewrap } from '../sandbox/find-bubblewrap.ts'
import { unconfined } from '../sandbox/none.ts'

/** The facts about a worker's machine that its sandbox needs. */
type Machine = {
  /** Folders and files that agents must not see, such as the data folder and files with secrets. */
  readonly hidden: readonly string[]
  readonly path: string
  readonly log: Logger
}

/** Whether and how a worker confines the programs that it starts. */
export type Confinement = {
  readonly sandbox: WorkerIdentity['sandbox']
  readonly launchFor: (marker: string) => Launch
}

/**
 * Prepares the sandbox selected by the setting. `required` never falls back to `none`: if
 * bubblewrap does not work, it throws `sandbox-missing`.
 */
export async function chooseSandbox(
  setting: UpConfig['sandbox'],
  { hidden, path, log }: Machine,
): Promise<Confinement> {
  if (setting === 'none') {
    return { sandbox: 'none', launchFor: (marker) => unconfined({ marker, log }) }
  }
  const bwrap = await findBubblewrap({ path, log })
  // Many repositories run their tests with Node. The sandbox hides home directories, and Node may
  // be in one. Node's folder is therefore listed as readable.
  const readable = [dirname(process.execPath)]
  return {
    sandbox: 'bubblewrap',
    launchFor: (marker) => bubblewrap({ bwrap, marker, hidden, readable, log }),
  }
}
