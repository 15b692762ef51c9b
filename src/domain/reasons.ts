import { type Hint, hint } from './hint.ts'

/** What a reason means for the job, and what a person can do about it. */
export type ReasonInfo = {
  /** One clause that says what happened. */
  readonly means: string
  /** What a person should do next; null if there is nothing to do. */
  readonly fix: Hint | null
  /** Whether the hub retries the job, until `retry.maxFailures` is reached. */
  readonly retry: boolean
}

const ending = (means: string, fix: string | Hint | null, retry = false): ReasonInfo => ({
  means,
  fix: typeof fix === 'string' ? hint(fix) : fix,
  retry,
})

/** All reasons for a job's state. The meaning of a code never changes. docs/reference lists all codes. */
export const REASONS = {
  // succeeded
  published: ending('the work was published', null),
  'patch-ready': ending('the patch is kept as an artifact', hint('see it with', ['diff', '<job>'])),
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
    'revert the published change if you do not want it',
  ),
  // cancelled
  'cancelled-by-request': ending(
    'a cancel was requested',
    hint('continue with', ['diff', '<job>'], ['retry', '<job>']),
  ),
  // failed: the agent
  'agent-failed': ending(
    'the agent produced no usable result',
    hint('read what the agent said', ['logs', '<job>']),
    true,
  ),
  'agent-not-installed': ending(
    'the agent’s program is not installed on the worker',
    'install the program on the worker, or submit the job with a label that only workers with this agent have',
  ),
  'agent-login': ending(
    'the agent has no valid credential for its model',
    'start the worker with a valid API key (OPENAI_API_KEY for OpenAI models, ANTHROPIC_API_KEY for Anthropic models), or with --upstream-openai or --upstream-anthropic',
  ),
  'generator-failed': ending(
    'the generator did not finish successfully',
    hint('read the generator’s output', ['logs', '<job>']),
    true,
  ),
  'model-unavailable': ending(
    'the model endpoint could not be reached, or it returned an error',
    'check the network and the worker’s model upstream',
    true,
  ),
  'change-expected': ending(
    'the agent changed nothing, but the job requires a change',
    hint('read what the agent said, then reword the prompt', ['logs', '<job>']),
  ),
  'model-refused': ending(
    'the model’s server rejected the request, and a retry would be rejected too',
    'read the detail for the cause; check the model’s name and the worker’s model upstream',
  ),
  'check-failed': ending(
    'a check did not pass',
    hint('see what went wrong with', ['logs', '<job>', '--stream', 'checks'], ['diff', '<job>']),
  ),
  // failed: limits
  'wall-limit': ending(
    'the attempt took longer than limits.wallMs',
    'increase limits.wallMs, or split the job into smaller jobs',
  ),
  'idle-limit': ending(
    'the agent or generator produced no output for limits.idleMs',
    hint('increase limits.idleMs if the program was still working; to read its output, use', [
      'logs',
      '<job>',
    ]),
    true,
  ),
  'step-limit': ending(
    'the agent reached limits.steps',
    'increase limits.steps, or split the job into smaller jobs',
  ),
  'attempts-exhausted': ending(
    'the job failed or lost its worker too often',
    hint(
      'read what happened, then retry the job',
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
  'host-not-found': ending(
    'the host name in the repository’s URL does not resolve, and the worker has never reached this host',
    'correct the host name in the URL',
  ),
  'repository-refused': ending(
    'the repository’s host rejected the request',
    'read the detail for the cause',
  ),
  'repository-login': ending(
    'the repository requires a valid credential (401)',
    'configure a valid git credential for the repository on the worker',
  ),
  'credential-missing': ending(
    'the worker could not read its git credential for the repository',
    'fix the credential source named in the detail: an environment variable, a file, a command or the ssh agent',
    true,
  ),
  'repository-forbidden': ending(
    'the worker may not access the repository: its git credential does not permit it (403), or the repository on its disk belongs to another user',
    'grant the credential the access that the job needs; for a repository on disk, read the detail for how to fix the owner',
  ),
  'repository-unsafe': ending(
    'the repository contains objects that git rejects',
    'ask the repository’s owner to fix the objects that git fsck lists',
  ),
  'host-key-changed': ending(
    'the ssh host’s key differs from the key in known_hosts',
    'ask the host’s owner before you trust the new key, because the connection may be intercepted',
  ),
  'host-key-unknown': ending(
    'the ssh host’s key is not in known_hosts',
    'add the host’s key to known_hosts',
  ),
  'protocol-refused': ending(
    'the worker does not allow this type of repository URL',
    'read the detail for the cause, then use a type of URL that the worker allows',
  ),
  'ref-not-found': ending(
    'the branch, tag or commit does not exist',
    hint('start from another ref', ['retry', '<job>', '--ref', '<name>']),
  ),
  'change-conflicts': ending(
    'the change of the earlier job conflicts with the commit from which this job starts',
    hint(
      'continue on another branch, from the commit on which the change was made, or start from another ref',
      ['retry', '<job>', '--branch', '<name>'],
      ['retry', '<job>', '--ref', '<name>'],
    ),
  ),
  'sparse-not-found': ending(
    'a folder listed in checkout.sparse does not exist in the repository',
    'correct checkout.sparse',
  ),
  'submodule-refused': ending(
    'a submodule of the repository cannot be checked out',
    'correct the repository’s .gitmodules, or submit without submodules',
  ),
  'lfs-object-missing': ending(
    'a file of the commit is missing from the repository’s Git LFS storage',
    'push the missing files with: git lfs push --all <remote>',
  ),
  'lfs-missing': ending(
    'the job needs files from Git LFS, but git-lfs is not installed on the worker',
    'install git-lfs on the worker, or submit without checkout.lfs',
  ),
  'archive-invalid': ending(
    'an archive could not be unpacked or created, because it is damaged or has an unsafe entry',
    'fix the archive or the entry named in the detail',
  ),
  'workspace-failed': ending(
    'the workspace could not be prepared',
    'read the cause in the detail',
    true,
  ),
  'change-too-large': ending(
    'the change is larger than the worker accepts',
    'split the job into smaller jobs, or list generated files in .gitignore',
  ),
  'input-failed': ending(
    'an input of the job is missing or damaged',
    'fix or replace the input named in the detail, then submit the job again',
    true,
  ),
  'outputs-not-kept': ending(
    'the hub did not accept every file that the generator wrote',
    hint('the job’s notes name the files and the causes; to read them, use', ['show', '<job>']),
    true,
  ),
  'outputs-too-large': ending(
    'the generator wrote more files or bytes than the limits allow',
    'make the generator write less, or pack its files into one archive; docs/generate.md lists the limits',
  ),
  'disk-full': ending('the worker’s disk is full', 'free disk space on the worker', true),
  // failed: publishing
  'publish-invalid': ending(
    'git cannot create the branch, or git rejects the author',
    hint('publish to another branch, or submit the job with another author', [
      'retry',
      '<job>',
      '--branch',
      '<name>',
    ]),
  ),
  'branch-moved': ending(
    'the branch has commits that the job’s work does not include',
    hint(
      'apply the work to the branch’s present head, or publish to another branch',
      ['retry', '<job>'],
      ['retry', '<job>', '--branch', '<name>'],
    ),
  ),
  'signing-failed': ending(
    'the commit could not be signed',
    'check git.signing on the worker; the detail says what failed',
  ),
  'push-refused': ending('the remote rejected the push', 'read the cause in the detail'),
  'hold-lapsed': ending(
    'the hold lapsed before the work was published',
    'submit the job again, and extend holdUntil while the job runs',
    true,
  ),
  // failed: the worker or a bug
  'sandbox-missing': ending(
    'the worker cannot run the agent in a sandbox',
    'install bubblewrap on the worker',
    true,
  ),
  'worker-outdated': ending(
    'the worker is too old for a feature that the job uses',
    'update the worker; until then another worker may run the job',
    true,
  ),
  'worker-error': ending(
    'a bug in the worker ended the attempt',
    'report the bug with the worker’s log',
    true,
  ),
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
    'the agent needs an answer from a person',
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
