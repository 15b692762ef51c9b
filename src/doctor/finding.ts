import type { Environment } from '../config/read.ts'
import type { UpConfig } from '../config/settings.ts'
import type { HubClient } from '../protocol/client.ts'
import type { HubFile } from '../compose/data-folder.ts'
import { type Hint, hint } from '../domain/hint.ts'
import type { WorkerIdentity } from '../domain/lease.ts'

/**
 * The result of a check. The verdict `failure` means that something does not work; `warning` means
 * that something may work badly or not at all.
 */
export type Finding = {
  readonly check: string
  readonly verdict: 'ok' | 'warning' | 'failure'
  readonly says: string
  /** What to do next; absent if the verdict is ok. */
  readonly fix?: Hint
}

/** What a check can examine: the machine, its settings and its hub. */
export type Machine = {
  readonly config: UpConfig
  /** The data folder, which may not exist yet. */
  readonly folder: string
  readonly env: Environment
  readonly cwd: string
  readonly path: string
  /** The version of this program. */
  readonly version: string
  /** The hub that runs on this data folder; null if none runs. */
  readonly hub: { readonly file: HubFile; readonly client: HubClient } | null
  /**
   * The workers that are connected to this hub. What they offer may differ from what this program
   * finds in the current shell.
   */
  readonly workers: readonly WorkerIdentity[]
}

/** Examines one part of the machine and changes nothing. */
export type Check = (machine: Machine) => Promise<readonly Finding[]>

export const ok = (check: string, says: string): Finding => ({ check, verdict: 'ok', says })

export const warning = (check: string, says: string, fix: string | Hint): Finding => ({
  check,
  verdict: 'warning',
  says,
  fix: asHint(fix),
})

export const failure = (check: string, says: string, fix: string | Hint): Finding => ({
  check,
  verdict: 'failure',
  says,
  fix: asHint(fix),
})

const asHint = (fix: string | Hint): Hint => (typeof fix === 'string' ? hint(fix) : fix)
