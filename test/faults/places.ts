import type { ProbeLabel } from '../../src/domain/probe.ts'
import { PROBES } from '../../src/domain/probe.ts'

/** What happens in a cell of the matrix besides the fault. */
export type Scenario =
  /** One job, from submission to a branch. */
  | 'plain'
  /** The work fails its check at first, and passes after a second turn of the agent. */
  | 'second turn'
  /** The worker dies while the agent works. */
  | 'worker dies'
  /** Somebody cancels while the agent works. */
  | 'cancel'
  /** The worker is told to stop while the agent works. */
  | 'worker stops'
  /** The worker is told to stop while a check runs. */
  | 'worker stops in a check'
  /** The model refuses for a while, so the job rests. */
  | 'quota'
  /** What the job left is old, a file lies there that no job refers to, and somebody collects. */
  | 'collect'
  /** The hub is told to stop while the agent works. */
  | 'hub stops'
  /** The hub starts on an empty folder. */
  | 'hub starts'

export type Place = {
  readonly in: 'hub' | 'worker'
  readonly scenario: Scenario
  /** Number in the list of failure points that every such system must survive. */
  readonly point: string
  /** Nobody waits for an answer then, so none can be lost. */
  readonly answersNobody?: true
  /** Which of its passes are disturbed; the first one unless it says otherwise. */
  readonly passes?: readonly number[]
}

const hub = (point: string, scenario: Scenario = 'plain'): Place => ({ in: 'hub', scenario, point })
const worker = (point: string, scenario: Scenario = 'plain'): Place => ({
  in: 'worker',
  scenario,
  point,
})

/** What a hub does of itself, or before it listens. */
const hubAlone = (point: string, scenario?: Scenario): Place => ({
  ...hub(point, scenario),
  answersNobody: true,
})

/** Where each moment is met. The compiler demands all of them. */
export const PLACES: Readonly<Record<ProbeLabel, Place>> = {
  'submit-uncommitted': hub('F1'),
  'submit-committed': hub('F2'),
  'claim-uncommitted': hub('F3'),
  'claim-committed': hub('F4'),
  'renew-uncommitted': hub('F12'),
  'renew-committed': hub('F13'),
  'appendEvents-uncommitted': hub('F10'),
  'appendEvents-committed': hub('F10'),
  'checkpoint-uncommitted': hub('F10'),
  'checkpoint-committed': hub('F10'),
  'intendPublication-uncommitted': hub('F21'),
  'intendPublication-committed': hub('F21'),
  'addArtifact-uncommitted': hub('F19'),
  'addArtifact-committed': hub('F20'),
  'settle-uncommitted': hub('F25'),
  'settle-committed': hub('F25'),
  'pause-uncommitted': hub('F25', 'quota'),
  'pause-committed': hub('F25', 'quota'),
  'resumeDue-uncommitted': hubAlone('F15', 'quota'),
  'resumeDue-committed': hubAlone('F15', 'quota'),
  'handBack-uncommitted': hub('F30', 'worker stops'),
  'handBack-committed': hub('F30', 'worker stops'),
  'requestCancel-uncommitted': hub('F25', 'cancel'),
  'requestCancel-committed': hub('F25', 'cancel'),
  'expire-due': hubAlone('F14', 'worker dies'),
  'expire-uncommitted': hubAlone('F15', 'worker dies'),
  'expire-committed': hubAlone('F15', 'worker dies'),
  'takeDelivery-uncommitted': hubAlone('F26'),
  'takeDelivery-committed': hubAlone('F26'),
  delivered: hubAlone('F26'),
  'markDelivery-uncommitted': hubAlone('F26'),
  'markDelivery-committed': hubAlone('F26'),
  // Logs, what no job refers to, and that again when it lies aside.
  collecting: { ...hub('F33', 'collect'), passes: [1, 2, 3] },
  'artifact-staged': hub('F19'),
  'artifact-placed': hub('F19'),
  'log-staged': hub('F11'),
  'log-placed': hub('F11'),
  'folder-owned': hubAlone('F28', 'hub starts'),
  migrating: hubAlone('F28', 'hub starts'),
  'ledger-opened': hubAlone('F28', 'hub starts'),
  'hub-stopping': hub('F29', 'hub stops'),
  'claimLease-answered': worker('F5'),
  'folder-made': worker('F6'),
  'cache-fetched': worker('F7'),
  'base-fetched': worker('F7'),
  'workspace-done': worker('F8'),
  launching: worker('F9'),
  // The agent, then a check.
  launched: { ...worker('F10, F16'), passes: [1, 2] },
  'writeLog-asked': worker('F11'),
  'agent-done': worker('F10'),
  'addCheckpoint-asked': worker('F10'),
  'checks-done': worker('F17'),
  'restore-done': worker('F17', 'second turn'),
  'putArtifact-asked': worker('F18'),
  pushing: worker('F22'),
  pushed: worker('F22'),
  'report-written': worker('F24'),
  'settleLease-asked': worker('F24'),
  'settleLease-answered': worker('F24'),
  'folder-removed': worker('F27'),
  'salvageArtifact-asked': worker('F27', 'worker dies'),
  'handBackLease-asked': worker('F30', 'worker stops in a check'),
}

// The table of moments is the list; its keys are exactly these.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
export const LABELS = Object.keys(PROBES) as [ProbeLabel, ...ProbeLabel[]]
