import type { ProbeLabel } from '../../src/domain/probe.ts'
import { PROBES } from '../../src/domain/probe.ts'

/** What happens in a cell of the matrix besides the fault. */
export type Scenario =
  /** One job, from submission to a branch. */
  | 'plain'
  /** The agent's work depends on a file that the job brings along. */
  | 'inputs'
  /** A generator makes files of a file that the job brings along. */
  | 'generate'
  /** The same, and the worker dies while a check looks at the files. */
  | 'generate again'
  /** The submitter of a job with a hold extends it while the job lives. */
  | 'hold'
  /** The submitter dies, so the hold lapses while the agent works. */
  | 'hold lapses'
  /** The submitter dies, and the hold lapses when the work is intended or published already. */
  | 'hold lapses late'
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
  /**
   * What the job left and brought along is old, beside an upload that no job names and a file that
   * no job refers to, and somebody collects.
   */
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
  /** The program is disturbed in its second life; in its first unless it says otherwise. */
  readonly life?: 2
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
const PLACES: Readonly<Record<ProbeLabel, Place>> = {
  'submit-uncommitted': hub('F1'),
  'submit-committed': hub('F2'),
  'storeBlob-uncommitted': hub('F35', 'inputs'),
  'storeBlob-committed': hub('F35', 'inputs'),
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
  // While the agent works.
  'extendHold-uncommitted': { ...hub('F38', 'hold'), passes: [3] },
  'extendHold-committed': { ...hub('F38', 'hold'), passes: [3] },
  'expire-due': hubAlone('F14', 'worker dies'),
  'expire-uncommitted': hubAlone('F15', 'worker dies'),
  'expire-committed': hubAlone('F15', 'worker dies'),
  'takeDelivery-uncommitted': hubAlone('F26'),
  'takeDelivery-committed': hubAlone('F26'),
  delivered: hubAlone('F26'),
  'markDelivery-uncommitted': hubAlone('F26'),
  'markDelivery-committed': hubAlone('F26'),
  'forgetBlobs-uncommitted': hub('F33', 'collect'),
  'forgetBlobs-committed': hub('F33', 'collect'),
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
  'readInput-answered': worker('F36', 'inputs'),
  launching: worker('F9'),
  // The agent, then a check.
  launched: { ...worker('F10, F16'), passes: [1, 2] },
  'writeLog-asked': worker('F11'),
  'agent-done': worker('F10'),
  'generate-done': worker('F37', 'generate'),
  'adopt-done': { ...worker('F37', 'generate again'), life: 2 },
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
  'salvageArtifact-asked': { ...worker('F27', 'worker dies'), life: 2 },
  'handBackLease-asked': worker('F30', 'worker stops in a check'),
}

/** A moment and where it is met. */
export type Meeting = Place & { readonly label: ProbeLabel }

/** Moments at which something else can break in another scenario. */
const MET_AGAIN: readonly Meeting[] = [
  // The bytes of an upload, and no row of it.
  { label: 'artifact-placed', ...hub('F35', 'inputs') },
  // The generated files: the hub has them and no record, then a record that its worker does not know of.
  { label: 'addCheckpoint-asked', ...worker('F37', 'generate') },
  { label: 'checkpoint-committed', ...hub('F37', 'generate') },
  // A check of recorded files.
  { label: 'launched', ...worker('F37', 'generate'), passes: [2] },
  // The hold has lapsed, and the worker does not know.
  { label: 'checks-done', ...worker('F38', 'hold lapses') },
  // The hold lapses before the next attempt, which may publish nothing new.
  { label: 'pushed', ...worker('F38', 'hold lapses late') },
]

// The table of moments is the list; its keys are exactly these.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
export const LABELS = Object.keys(PROBES) as [ProbeLabel, ...ProbeLabel[]]

/** All that is to be met, in the order of the moments. */
export const MEETINGS: readonly Meeting[] = LABELS.flatMap((label) => [
  { label, ...PLACES[label] },
  ...MET_AGAIN.filter((meeting) => meeting.label === label),
])
