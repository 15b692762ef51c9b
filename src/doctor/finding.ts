import type { Environment } from '../config/read.ts'
import type { UpConfig } from '../config/settings.ts'
import type { HubClient } from '../protocol/client.ts'
import type { HubFile } from '../compose/data-folder.ts'
import { type Hint, hint } from '../domain/hint.ts'

/** What one look has shown. `failure`: something will not work; `warning`: it may not, or not well. */
export type Finding = {
  readonly check: string
  readonly verdict: 'ok' | 'warning' | 'failure'
  readonly says: string
  /** The next step; none when all is well. */
  readonly fix?: Hint
}

/** What a check looks at. */
export type Patient = {
  readonly config: UpConfig
  /** The data folder, which may not exist yet. */
  readonly folder: string
  readonly env: Environment
  readonly cwd: string
  readonly path: string
  /** Of this program. */
  readonly version: string
  /** The hub that runs on this data folder. */
  readonly hub: { readonly file: HubFile; readonly client: HubClient } | null
}

/** Looks at one thing and changes nothing. */
export type Check = (patient: Patient) => Promise<readonly Finding[]>

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
