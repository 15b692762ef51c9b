import { type Hint, hint } from './hint.ts'

/** What an ending means for the job, and what its owner can do about it. */
export type ReasonInfo = {
  /** One clause that says what happened. */
  readonly means: string
  /** The next step for a person; null when there is nothing to do. */
  readonly fix: Hint | null
  /** Whether the job is tried again by itself while failures are left. */
  readonly retry: boolean
}

const ending = (means: string, fix: string | Hint | null, retry = false): ReasonInfo => ({
  means,
  fix: typeof fix === 'string' ? hint(fix) : fix,
  retry,
})

/** The published table of reasons: why a job is in the state it is in. Codes never change meaning. */
export const REASONS = {
  // succeeded
  published: ending('the work was published', null),
  'patch-ready': ending(
    'the patch is kept as an artifact',
    hint('fetch it with', ['artifacts', 'get', '<job>', 'change.patch']),
  ),
  'objects-ready': ending(
    'what the generator made is kept as artifacts',
    hint('list it with', ['artifacts', 'list', '<job>']),
  ),
  'no-change': ending(
    'the agent changed nothing',
    hint('read what it said and reword the prompt', ['logs', '<job>']),
  ),
  'cancelled-too-late': ending(
    'it was published before the cancel arrived',
    'revert the branch if it is unwanted',
  ),
  // cancelled
  'cancelled-by-request': ending(
    'somebody cancelled it',
    hint('submit it again with', ['retry', '<job>']),
  ),
  // failed: the agent
  'agent-failed': ending(
    'the agent ended without a usable result',
    hint('read what it said', ['logs', '<job>']),
    true,
  ),
  'agent-not-installed': ending(
    'the agent program is not on this worker',
    'install it there, or ask for a label that only equipped workers offer',
  ),
  'agent-login': ending(
    'the agent has no valid login or key',
    'start the worker with ANTHROPIC_API_KEY or OPENAI_API_KEY, or with an upstream for models',
  ),
  'generator-failed': ending(
    'the generator ended without success',
    hint('read what it printed', ['logs', '<job>']),
    true,
  ),
  'model-unavailable': ending(
    'the model endpoint could not be used',
    'check the upstream in the gateway settings',
    true,
  ),
  'check-failed': ending(
    'a check did not pass',
    hint('read what it printed', ['logs', '<job>', '--stream', 'checks']),
  ),
  // failed: limits
  'wall-limit': ending(
    'the attempt took longer than limits.wallMs',
    'raise the limit or cut the task',
  ),
  'idle-limit': ending(
    'the agent was silent longer than limits.idleMs',
    hint('raise the limit, or read what it said', ['logs', '<job>']),
    true,
  ),
  'step-limit': ending('the agent used all its steps', 'raise limits.steps or cut the task'),
  'attempts-exhausted': ending(
    'it failed or lost its worker too often',
    hint(
      'read the last attempt, its checks too, then retry',
      ['logs', '<job>'],
      ['logs', '<job>', '--stream', 'checks'],
      ['retry', '<job>'],
    ),
  ),
  // failed: the workspace
  'repository-not-found': ending('the repository does not exist there', 'check the URL'),
  'repository-unreachable': ending(
    'the repository’s host could not be reached',
    'check the network and the URL',
    true,
  ),
  'repository-login': ending(
    'the repository asked for a login (401)',
    'give the worker a credential for it',
  ),
  'credential-missing': ending(
    'the worker could not get at its git credential for the repository',
    'fix what the detail names: a variable, a file, a command or the ssh agent',
    true,
  ),
  'repository-forbidden': ending(
    'the credential may not do this (403)',
    'grant the credential access',
  ),
  'repository-unsafe': ending(
    'the repository holds objects that git refuses',
    'ask its owner to fix it; git fsck names them',
  ),
  'host-key-changed': ending(
    'the ssh host shows another key than the known one',
    'ask the host’s owner first: somebody may stand in between',
  ),
  'host-key-unknown': ending('the ssh host key is not known', 'add the host to known_hosts'),
  'protocol-refused': ending(
    'the worker does not allow this kind of address',
    'allow it on the worker with --allow-local',
  ),
  'ref-not-found': ending('the branch, tag or commit does not exist', 'check the ref'),
  'sparse-not-found': ending(
    'a folder of checkout.sparse does not exist in the repository',
    'correct checkout.sparse',
  ),
  'submodule-refused': ending(
    'a submodule of the repository cannot be checked out',
    'correct the repository’s .gitmodules, or submit without submodules',
  ),
  'lfs-object-missing': ending(
    'the repository’s Git LFS lacks a content that the commit points to',
    'push it there: git lfs push --all',
  ),
  'lfs-missing': ending(
    'the job wants files from Git LFS, and the worker has no git-lfs',
    'install git-lfs on the worker, or submit without checkout.lfs',
  ),
  'archive-invalid': ending(
    'the archive, or the tree to be packed as one, holds an entry that is not safe',
    'remove or rename the entry that the detail names',
  ),
  'workspace-failed': ending('the workspace could not be prepared', 'read the detail', true),
  'change-too-large': ending(
    'the change is larger than the worker takes',
    'cut the task, or let .gitignore name what is generated',
  ),
  'input-failed': ending(
    'an input of the job could not be fetched intact',
    'submit it again; the detail names the input',
    true,
  ),
  'outputs-not-kept': ending(
    'the hub did not take all files that the generator wrote',
    hint('read the notes in', ['show', '<job>']),
    true,
  ),
  'outputs-too-large': ending(
    'the generator wrote more files or bytes than are kept',
    'let it write less, or pack its files into one; docs/generate.md has the limits',
  ),
  'disk-full': ending('the worker’s disk is full', 'free space on the worker', true),
  // failed: publishing
  'publish-invalid': ending(
    'git refuses the branch or the author that the work is to be published under',
    'submit it again with another publish.branch or publish.author',
  ),
  'branch-moved': ending(
    'the branch holds commits this job does not know',
    'choose another branch name or merge by hand',
  ),
  'signing-failed': ending(
    'the commit could not be signed',
    'check git.signing on the worker; the detail says what went wrong',
  ),
  'push-refused': ending('the remote refused the push', 'read the detail'),
  'hold-lapsed': ending(
    'the hold of its submitter ran out before the work was published',
    'submit it again; whoever submits with holdUntil must extend it while the job runs',
    true,
  ),
  // failed: the worker or a bug
  'sandbox-missing': ending(
    'the worker cannot confine the agent',
    'install bubblewrap on the worker',
    true,
  ),
  'worker-outdated': ending(
    'the worker does not know something that the job asks for',
    'bring the worker up to date; meanwhile another one may do it',
    true,
  ),
  'worker-error': ending('the worker hit a bug', 'report it with the log', true),
  'worker-lost': ending(
    'the worker stopped renewing its lease',
    'see the worker’s log; while the job has attempts left it is tried again by itself',
    true,
  ),
  // queued
  'handed-back': ending('a worker gave it back on shutdown', null),
  resumed: ending('it was resumed', null),
  // paused
  'waiting-for-person': ending(
    'the agent needs an answer',
    hint('read what it said, then resume it', ['logs', '<job>'], ['resume', '<job>']),
  ),
  'quota-exhausted': ending(
    'the model’s quota is used up',
    hint('it resumes by itself when the quota resets; sooner with', ['resume', '<job>']),
  ),
} as const satisfies Record<string, ReasonInfo>

export type ReasonCode = keyof typeof REASONS

const isReasonCode = (text: string): text is ReasonCode => Object.hasOwn(REASONS, text)

/** All reason codes, for schemas. */
export const REASON_CODES: readonly ReasonCode[] = Object.keys(REASONS).filter(isReasonCode)
