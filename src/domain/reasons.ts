import { type Hint, hint } from './hint.ts'

/** What a reason means for the job, and what a person can do about it. */
export type ReasonInfo = {
  /** One clause that says what happened. */
  readonly means: string
  /** The next step for a person; null when there is nothing to do. */
  readonly fix: Hint | null
  /** Whether the hub retries the job, until `retry.maxFailures` is reached. */
  readonly retry: boolean
}

const ending = (means: string, fix: string | Hint | null, retry = false): ReasonInfo => ({
  means,
  fix: typeof fix === 'string' ? hint(fix) : fix,
  retry,
})

/** All reasons why a job is in its state. Codes never change meaning; docs/reference lists them. */
export const REASONS = {
  // succeeded
  published: ending('the work was published', null),
  'patch-ready': ending(
    'the patch is kept as an artifact',
    hint('fetch it with', ['artifacts', 'get', '<job>', 'change.patch']),
  ),
  'objects-ready': ending(
    'the generator’s files are kept as artifacts',
    hint('list them with', ['artifacts', 'list', '<job>']),
  ),
  'no-change': ending(
    'the agent changed nothing',
    hint('read what the agent said, then reword the prompt', ['logs', '<job>']),
  ),
  'cancelled-too-late': ending(
    'the work was published before the cancel arrived',
    'revert the published change if it is unwanted',
  ),
  // cancelled
  'cancelled-by-request': ending(
    'a cancel was requested',
    hint('submit the job again with', ['retry', '<job>']),
  ),
  // failed: the agent
  'agent-failed': ending(
    'the agent ended without a usable result',
    hint('read what the agent said', ['logs', '<job>']),
    true,
  ),
  'agent-not-installed': ending(
    'the agent’s program is not installed on the worker',
    'install it there, or submit with a label that only workers with this agent have',
  ),
  'agent-login': ending(
    'the agent has no valid login or model key',
    'start the worker with a valid key for the agent’s models (OPENAI_API_KEY for models of OpenAI, ANTHROPIC_API_KEY for models of Anthropic) or with an upstream',
  ),
  'generator-failed': ending(
    'the generator did not finish successfully',
    hint('read what the generator printed', ['logs', '<job>']),
    true,
  ),
  'model-unavailable': ending(
    'the model endpoint could not be reached or answered with an error',
    'check the worker’s upstream for models',
    true,
  ),
  'check-failed': ending(
    'a check did not pass',
    hint('read what the check printed', ['logs', '<job>', '--stream', 'checks']),
  ),
  // failed: limits
  'wall-limit': ending(
    'the attempt took longer than limits.wallMs',
    'raise limits.wallMs or make the task smaller',
  ),
  'idle-limit': ending(
    'the agent printed nothing for longer than limits.idleMs',
    hint('raise limits.idleMs, or read what the agent said', ['logs', '<job>']),
    true,
  ),
  'step-limit': ending(
    'the agent used all its steps',
    'raise limits.steps or make the task smaller',
  ),
  'attempts-exhausted': ending(
    'the job failed or lost its worker too often',
    hint(
      'read the logs of the agent and of the checks, then retry',
      ['logs', '<job>'],
      ['logs', '<job>', '--stream', 'checks'],
      ['retry', '<job>'],
    ),
  ),
  // failed: the workspace
  'repository-not-found': ending('the repository does not exist at this URL', 'check the URL'),
  'repository-unreachable': ending(
    'the repository’s host could not be reached',
    'check the network and the URL',
    true,
  ),
  'repository-login': ending(
    'the repository requires a login (401)',
    'give the worker a credential for the repository',
  ),
  'credential-missing': ending(
    'the worker could not read its git credential for the repository',
    'fix what the detail names: a variable, a file, a command or the ssh agent',
    true,
  ),
  'repository-forbidden': ending(
    'the credential does not permit this (403)',
    'grant the credential access',
  ),
  'repository-unsafe': ending(
    'the repository contains objects that git rejects',
    'ask the repository’s owner to fix the objects that git fsck lists',
  ),
  'host-key-changed': ending(
    'the key of the ssh host differs from the known one',
    'ask the host’s owner before you trust the new key: the connection may be intercepted',
  ),
  'host-key-unknown': ending('the key of the ssh host is not known', 'add the host to known_hosts'),
  'protocol-refused': ending(
    'the worker does not allow this type of repository address',
    'start the worker with --allow-local, or use another address',
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
    'an object that the commit points to is missing in the repository’s Git LFS',
    'push the missing objects with: git lfs push --all',
  ),
  'lfs-missing': ending(
    'the job needs files from Git LFS, but git-lfs is not installed on the worker',
    'install git-lfs on the worker, or submit without checkout.lfs',
  ),
  'archive-invalid': ending(
    'an entry of the archive to unpack, or of the tree to pack, is not safe',
    'remove or rename the entry that the detail names',
  ),
  'workspace-failed': ending('the workspace could not be prepared', 'read why in the detail', true),
  'change-too-large': ending(
    'the change is larger than the worker accepts',
    'make the task smaller, or list generated files in .gitignore',
  ),
  'input-failed': ending(
    'an input of the job is missing or damaged',
    'submit the job again with the input that the detail names',
    true,
  ),
  'outputs-not-kept': ending(
    'the hub did not accept every file that the generator wrote',
    hint('read the notes in', ['show', '<job>']),
    true,
  ),
  'outputs-too-large': ending(
    'the generator wrote more files or bytes than the limits allow',
    'make the generator write less, or pack its files into one; docs/generate.md lists the limits',
  ),
  'disk-full': ending('the worker’s disk is full', 'free space on the worker', true),
  // failed: publishing
  'publish-invalid': ending(
    'git rejects the branch name or the author',
    'submit the job again with another publish.branch or publish.author',
  ),
  'branch-moved': ending(
    'the branch has commits that the job’s work does not include',
    'choose another branch name, or merge by hand',
  ),
  'signing-failed': ending(
    'the commit could not be signed',
    'check git.signing on the worker; the detail says what failed',
  ),
  'push-refused': ending('the remote rejected the push', 'read why in the detail'),
  'hold-lapsed': ending(
    'the hold lapsed before the work was published',
    'submit the job again; its submitter must extend holdUntil while the job runs',
    true,
  ),
  // failed: the worker or a bug
  'sandbox-missing': ending(
    'the worker cannot confine the agent',
    'install bubblewrap on the worker',
    true,
  ),
  'worker-outdated': ending(
    'the worker is too old for a feature that the job uses',
    'update the worker; until then another worker may run the job',
    true,
  ),
  'worker-error': ending('the worker hit a bug', 'report it with the worker’s log', true),
  'worker-lost': ending(
    'the worker stopped renewing its lease',
    'read the worker’s log; the hub retries the job until retry.maxFailures is reached',
    true,
  ),
  // queued
  'handed-back': ending('the worker returned the job when it shut down', null),
  resumed: ending('the job was resumed', null),
  // paused
  'waiting-for-person': ending(
    'the agent needs an answer',
    hint('read what the agent said, then resume the job', ['logs', '<job>'], ['resume', '<job>']),
  ),
  'quota-exhausted': ending(
    'the model’s quota is used up',
    hint('the job resumes when the quota resets; to resume it sooner, use', ['resume', '<job>']),
  ),
} as const satisfies Record<string, ReasonInfo>

export type ReasonCode = keyof typeof REASONS

const isReasonCode = (text: string): text is ReasonCode => Object.hasOwn(REASONS, text)

/** All reason codes, for schemas. */
export const REASON_CODES: readonly ReasonCode[] = Object.keys(REASONS).filter(isReasonCode)
