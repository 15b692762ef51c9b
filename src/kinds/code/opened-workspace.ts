import type { RepositoryWorkspace } from '../../workspace/workspace.ts'
import type { KeptWork } from './work-checkpoint.ts'

/** A checkout, and the agent's session to continue in it. */
export type Opened = {
  readonly workspace: RepositoryWorkspace
  /**
   * Id of the session to continue, whose files are in the agent's HOME folder; null to start a new
   * session.
   */
  readonly session: string | null
}

/** What an attempt starts from. */
export type OpenedWorkspace = Opened & {
  /** The earlier attempt's work that was restored in the workspace; null if none was restored. */
  readonly kept: KeptWork | null
  /** An earlier attempt's work that could not be restored; null if there is none. */
  readonly lost: KeptWork | null
  /**
   * Whether the branch that the earlier jobs published has moved since then, so that this job
   * starts from the branch's new head.
   */
  readonly advanced: boolean
}
