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
  /** The same with a lease so long that the worker is back before it ends. */
  | 'worker restarts'
  /** The worker dies while the agent works, and starts again only when another has the job. */
  | 'worker is gone'
  /** Somebody cancels while the agent works. */
  | 'cancel'
  /** The worker is told to stop while the agent works. */
  | 'worker stops'
  /** The worker is told to stop while a check runs. */
  | 'worker stops in a check'
  /** The model refuses for a while, so the job rests. */
  | 'quota'
  /** The model does not answer for a while, so the job waits. */
  | 'outage'
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

/** The places at which `src` calls a probe, each with what has just happened there and what has not. */
export const PLACES = {
  // A job is written; its transaction has yet to commit.
  'submit-uncommitted': hub('F1'),
  // A job is kept; nobody has been told.
  'submit-committed': hub('F2'),
  // An upload’s row is written; the transaction has yet to commit.
  'storeBlob-uncommitted': hub('F35', 'inputs'),
  // An upload is recorded; its sender does not know yet.
  'storeBlob-committed': hub('F35', 'inputs'),
  // A job is given to a worker; the transaction has yet to commit.
  'claim-uncommitted': hub('F3'),
  // A job is leased; its worker does not know yet.
  'claim-committed': hub('F4'),
  // A lease is made longer; the transaction has yet to commit.
  'renew-uncommitted': hub('F12'),
  // A lease is longer; its worker does not know yet.
  'renew-committed': hub('F13'),
  // An attempt’s words are written; the transaction has yet to commit.
  'appendEvents-uncommitted': hub('F10'),
  // An attempt’s words are kept; its worker does not know yet.
  'appendEvents-committed': hub('F10'),
  // Finished work is recorded; the transaction has yet to commit.
  'checkpoint-uncommitted': hub('F10'),
  // Finished work is recorded; its worker does not know yet.
  'checkpoint-committed': hub('F10'),
  // An intent is written; the transaction has yet to commit.
  'intendPublication-uncommitted': hub('F21'),
  // An intent is kept; its worker does not know yet.
  'intendPublication-committed': hub('F21'),
  // An artifact’s row is written; the transaction has yet to commit.
  'addArtifact-uncommitted': hub('F19'),
  // An artifact is listed; its worker does not know yet.
  'addArtifact-committed': hub('F20'),
  // A job is ended; the transaction has yet to commit.
  'settle-uncommitted': hub('F25'),
  // A job has ended; its worker does not know yet.
  'settle-committed': hub('F25'),
  // A job is put to rest; the transaction has yet to commit.
  'pause-uncommitted': hub('F25', 'quota'),
  // A job rests; its worker does not know yet.
  'pause-committed': hub('F25', 'quota'),
  // A job waits for a model that is away; the transaction has yet to commit.
  'defer-uncommitted': hub('F25', 'outage'),
  // A job waits for a model that is away; its worker does not know yet.
  'defer-committed': hub('F25', 'outage'),
  // A job’s rest is over; the transaction has yet to commit.
  'resumeDue-uncommitted': hubAlone('F15', 'quota'),
  // A job waits again after its rest; nobody has been told.
  'resumeDue-committed': hubAlone('F15', 'quota'),
  // A job is handed back; the transaction has yet to commit.
  'handBack-uncommitted': hub('F30', 'worker stops'),
  // A job waits again; its worker does not know yet.
  'handBack-committed': hub('F30', 'worker stops'),
  // A cancel is written; the transaction has yet to commit.
  'requestCancel-uncommitted': hub('F25', 'cancel'),
  // A cancel is kept; neither its sender nor the worker knows yet.
  'requestCancel-committed': hub('F25', 'cancel'),
  // A hold is moved to a later moment; the transaction has yet to commit.
  // While the agent works.
  'extendHold-uncommitted': { ...hub('F38', 'hold'), passes: [3] },
  // A hold is moved to a later moment; its submitter does not know yet.
  'extendHold-committed': { ...hub('F38', 'hold'), passes: [3] },
  // A lease was seen to have run out; nothing is changed yet.
  'expire-due': hubAlone('F14', 'worker is gone'),
  // Attempts are ended; the transaction has yet to commit.
  'expire-uncommitted': hubAlone('F15', 'worker is gone'),
  // Attempts have ended; nobody has been told.
  'expire-committed': hubAlone('F15', 'worker is gone'),
  // A restarted worker has ended an attempt of its earlier run; the transaction has yet to commit.
  'abandon-uncommitted': hub('F15', 'worker restarts'),
  // An attempt of an earlier run has ended; its worker does not know yet.
  'abandon-committed': hub('F15', 'worker restarts'),
  // A callback is about to be sent; the transaction has yet to commit.
  'takeDelivery-uncommitted': hubAlone('F26'),
  // A callback is about to be sent; nothing has left the hub.
  'takeDelivery-committed': hubAlone('F26'),
  // A callback was received; nobody knows of it but the receiver.
  delivered: hubAlone('F26'),
  // A callback’s answer is noted; the transaction has yet to commit.
  'markDelivery-uncommitted': hubAlone('F26'),
  // A callback’s answer is noted; the hub has yet to go on.
  'markDelivery-committed': hubAlone('F26'),
  // Uploads that no job names are forgotten; the transaction has yet to commit.
  'forgetBlobs-uncommitted': hub('F33', 'collect'),
  // Uploads that no job names are forgotten; their bytes are still there.
  'forgetBlobs-committed': hub('F33', 'collect'),
  // What nobody needs is known; it is still there.
  // Logs, what no job refers to, and that again when it lies aside.
  collecting: { ...hub('F33', 'collect'), passes: [1, 2, 3] },
  // An artifact’s bytes are on disk, but not in their place.
  'artifact-staged': hub('F19'),
  // An artifact’s bytes are in their place; the ledger has no row of it.
  'artifact-placed': hub('F19'),
  // A piece of log is on disk, but not in its place.
  'log-staged': hub('F11'),
  // A piece of log is in its place; its worker does not know yet.
  'log-placed': hub('F11'),
  // The hub owns its data folder; the ledger is not open.
  'folder-owned': hubAlone('F28', 'hub starts'),
  // A migration is written; its transaction has yet to commit.
  migrating: hubAlone('F28', 'hub starts'),
  // Everything is open; the hub does not listen yet.
  'ledger-opened': hubAlone('F28', 'hub starts'),
  // The hub was told to stop; it still listens.
  'hub-stopping': hub('F29', 'hub stops'),
  // A worker has a lease; nothing of it is on its disk.
  'claimLease-answered': worker('F5'),
  // The attempt’s folder says whose it is; it is empty.
  'folder-made': worker('F6'),
  // A repository is fetched beside its cache, and not moved there yet.
  'cache-fetched': worker('F7'),
  // The cache has the commit; the checkout is not complete.
  'base-fetched': worker('F7'),
  // The checkout is complete; nothing runs in it yet.
  'workspace-done': worker('F8'),
  // The hub sends an input; nothing of it is on the worker’s disk.
  'readInput-answered': worker('F36', 'inputs'),
  // A program is about to start in its sandbox.
  launching: worker('F9'),
  // A program runs; nobody has heard of it.
  // The agent, then a check.
  launched: { ...worker('F10, F16'), passes: [1, 2] },
  // The agent has spoken; the hub has yet to hear it.
  'writeLog-asked': worker('F11'),
  // The agent has ended; what it changed is not taken yet.
  'agent-done': worker('F10'),
  // The generator has ended; the files it wrote are not taken yet.
  'generate-done': worker('F37', 'generate'),
  // The files of an earlier attempt are in place; nothing has judged them.
  'adopt-done': { ...worker('F37', 'generate again'), life: 2 },
  // Finished work is about to be recorded.
  'addCheckpoint-asked': worker('F10'),
  // The checks have ended; nothing is published.
  'checks-done': worker('F17'),
  // Checks have failed; the agent has yet to hear what they found.
  'restore-done': worker('F17', 'second turn'),
  // An artifact is about to be sent.
  'putArtifact-asked': worker('F18'),
  // The intent is kept; the push has yet to begin.
  pushing: worker('F22'),
  // The push is done; nobody knows of it but the remote.
  pushed: worker('F22'),
  // The last report is on disk; it has yet to be sent.
  'report-written': worker('F24'),
  // The end is about to be told.
  'settleLease-asked': worker('F24'),
  // The hub has the end; folder and report are still there.
  'settleLease-answered': worker('F24'),
  // The attempt’s folder is gone; its report is still there.
  'folder-removed': worker('F27'),
  // A dead attempt’s work is recorded for the next one; the transaction has yet to commit.
  'recordSalvage-uncommitted': hub('F27', 'worker dies'),
  // The work is recorded; its worker does not know yet.
  'recordSalvage-committed': hub('F27', 'worker dies'),
  // A dead attempt’s work is about to be sent.
  'salvageArtifact-asked': { ...worker('F27', 'worker dies'), life: 2 },
  // A dead attempt is about to be ended.
  'abandonLease-asked': { ...worker('F27', 'worker dies'), life: 2 },
  // A job is about to be handed back.
  'handBackLease-asked': worker('F30', 'worker stops in a check'),
} satisfies Readonly<Record<string, Place>>

export type ProbeLabel = keyof typeof PLACES

export const isLabel = (text: string): text is ProbeLabel => Object.hasOwn(PLACES, text)

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

// The keys of the table are exactly these.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
export const LABELS = Object.keys(PLACES) as [ProbeLabel, ...ProbeLabel[]]

/** All that is to be met, in the order of the moments. */
export const MEETINGS: readonly Meeting[] = LABELS.flatMap((label) => [
  { label, ...PLACES[label] },
  ...MET_AGAIN.filter((meeting) => meeting.label === label),
])
