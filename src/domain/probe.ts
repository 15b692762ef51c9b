/**
 * The moments at which a test may stop the world: what lies just before each and just after. A
 * program passes them all and nothing happens; the probes that kill, pause or cut connections are
 * made by the entry programs of the fault suite alone, so no setting and no input reaches one.
 */
export const PROBES = {
  'submit-uncommitted': 'a job is written; its transaction has yet to commit',
  'submit-committed': 'a job is kept; nobody has been told',
  'storeBlob-uncommitted': 'an upload’s row is written; the transaction has yet to commit',
  'storeBlob-committed': 'an upload is recorded; its sender does not know yet',
  'claim-uncommitted': 'a job is given to a worker; the transaction has yet to commit',
  'claim-committed': 'a job is leased; its worker does not know yet',
  'renew-uncommitted': 'a lease is made longer; the transaction has yet to commit',
  'renew-committed': 'a lease is longer; its worker does not know yet',
  'appendEvents-uncommitted': 'an attempt’s words are written; the transaction has yet to commit',
  'appendEvents-committed': 'an attempt’s words are kept; its worker does not know yet',
  'checkpoint-uncommitted': 'finished work is recorded; the transaction has yet to commit',
  'checkpoint-committed': 'finished work is recorded; its worker does not know yet',
  'intendPublication-uncommitted': 'an intent is written; the transaction has yet to commit',
  'intendPublication-committed': 'an intent is kept; its worker does not know yet',
  'addArtifact-uncommitted': 'an artifact’s row is written; the transaction has yet to commit',
  'addArtifact-committed': 'an artifact is listed; its worker does not know yet',
  'settle-uncommitted': 'a job is ended; the transaction has yet to commit',
  'settle-committed': 'a job has ended; its worker does not know yet',
  'pause-uncommitted': 'a job is put to rest; the transaction has yet to commit',
  'pause-committed': 'a job rests; its worker does not know yet',
  'resumeDue-uncommitted': 'a job’s rest is over; the transaction has yet to commit',
  'resumeDue-committed': 'a job waits again after its rest; nobody has been told',
  'handBack-uncommitted': 'a job is handed back; the transaction has yet to commit',
  'handBack-committed': 'a job waits again; its worker does not know yet',
  'requestCancel-uncommitted': 'a cancel is written; the transaction has yet to commit',
  'requestCancel-committed': 'a cancel is kept; neither its sender nor the worker knows yet',
  'extendHold-uncommitted': 'a hold is moved to a later moment; the transaction has yet to commit',
  'extendHold-committed': 'a hold is moved to a later moment; its submitter does not know yet',
  'expire-due': 'a lease was seen to have run out; nothing is changed yet',
  'expire-uncommitted': 'attempts are ended; the transaction has yet to commit',
  'expire-committed': 'attempts have ended; nobody has been told',
  'takeDelivery-uncommitted': 'a callback is about to be sent; the transaction has yet to commit',
  'takeDelivery-committed': 'a callback is about to be sent; nothing has left the hub',
  delivered: 'a callback was received; nobody knows of it but the receiver',
  'markDelivery-uncommitted': 'a callback’s answer is noted; the transaction has yet to commit',
  'markDelivery-committed': 'a callback’s answer is noted; the hub has yet to go on',
  'forgetBlobs-uncommitted':
    'uploads that no job names are forgotten; the transaction has yet to commit',
  'forgetBlobs-committed': 'uploads that no job names are forgotten; their bytes are still there',
  collecting: 'what nobody needs is known; it is still there',
  'artifact-staged': 'an artifact’s bytes are on disk, but not in their place',
  'artifact-placed': 'an artifact’s bytes are in their place; the ledger has no row of it',
  'log-staged': 'a piece of log is on disk, but not in its place',
  'log-placed': 'a piece of log is in its place; its worker does not know yet',
  'folder-owned': 'the hub owns its data folder; the ledger is not open',
  migrating: 'a migration is written; its transaction has yet to commit',
  'ledger-opened': 'everything is open; the hub does not listen yet',
  'hub-stopping': 'the hub was told to stop; it still listens',
  'claimLease-answered': 'a worker has a lease; nothing of it is on its disk',
  'folder-made': 'the attempt’s folder says whose it is; it is empty',
  'cache-fetched': 'a repository is fetched beside its cache, and not moved there yet',
  'base-fetched': 'the cache has the commit; the checkout is not complete',
  'workspace-done': 'the checkout is complete; nothing runs in it yet',
  'readInput-answered': 'the hub sends an input; nothing of it is on the worker’s disk',
  launching: 'a program is about to start in its sandbox',
  launched: 'a program runs; nobody has heard of it',
  'writeLog-asked': 'the agent has spoken; the hub has yet to hear it',
  'agent-done': 'the agent has ended; what it changed is not taken yet',
  'generate-done': 'the generator has ended; the files it wrote are not taken yet',
  'adopt-done': 'the files of an earlier attempt are in place; nothing has judged them',
  'addCheckpoint-asked': 'finished work is about to be recorded',
  'checks-done': 'the checks have ended; nothing is published',
  'restore-done': 'checks have failed; the agent has yet to hear what they found',
  'putArtifact-asked': 'an artifact is about to be sent',
  pushing: 'the intent is kept; the push has yet to begin',
  pushed: 'the push is done; nobody knows of it but the remote',
  'report-written': 'the last report is on disk; it has yet to be sent',
  'settleLease-asked': 'the end is about to be told',
  'settleLease-answered': 'the hub has the end; folder and report are still there',
  'folder-removed': 'the attempt’s folder is gone; its report is still there',
  'salvageArtifact-asked': 'a dead attempt’s work is about to be sent',
  'handBackLease-asked': 'a job is about to be handed back',
} as const

export type ProbeLabel = keyof typeof PROBES

/** Called at each moment, and waited for wherever the code around it can wait. */
export type Probe = (label: ProbeLabel) => Promise<void> | void

/** What every program has but those of the fault suite. */
export const noProbe: Probe = () => {}

/** For places that many pass, such as every call of a client: only those in the table are moments. */
export async function probeIfNamed(probe: Probe, label: string): Promise<void> {
  if (isLabel(label)) await probe(label)
}

const isLabel = (label: string): label is ProbeLabel => Object.hasOwn(PROBES, label)

/** Operations of the ledger that are watched on either side of their commit. */
export type ProbedOperation = OperationOf<ProbeLabel>
type OperationOf<Label> = Label extends `${infer Operation}-uncommitted` ? Operation : never
