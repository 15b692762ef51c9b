import { type Hint, hint, hintText } from './hint.ts'

/** What an error code means for the operator or caller who gets the error. */
export type ErrorKind = {
  /** HTTP status of the response. */
  readonly status: number
  /** Whether the same call may succeed later without any change. */
  readonly retryable: boolean
  /** What the reader of the error should do next. */
  readonly fix: Hint
}

const kind = (status: number, fix: string | Hint, retryable = false): ErrorKind => ({
  status,
  retryable,
  fix: typeof fix === 'string' ? hint(fix) : fix,
})

/**
 * All error codes. Codes never change. An error that has none of these codes is caused by a bug.
 */
export const ERRORS = {
  // requests
  'request-invalid': kind(400, 'Correct the field named in the message.'),
  'request-incomplete': kind(
    408,
    'Send the request again: the connection closed before the whole request arrived.',
    true,
  ),
  'payload-invalid': kind(422, 'Correct the payload field named in the message.'),
  'kind-unknown': kind(422, 'Use one of the kinds listed in the message.'),
  'body-too-large': kind(413, 'Send a smaller body, or split it into several requests.'),
  'route-unknown': kind(404, 'See /openapi.json for the routes.'),
  'queue-full': kind(
    429,
    'Wait until workers have claimed some jobs, or cancel jobs that are not needed.',
    true,
  ),
  'rate-limited': kind(429, 'Retry after the time in the Retry-After header.', true),
  'idempotency-conflict': kind(422, 'Use a new idempotency key for a different request.'),
  'cursor-invalid': kind(400, 'Start again from the first page.'),
  // authentication
  'token-missing': kind(
    401,
    hint(
      'Pass --token-file <file>, or send the header Authorization: Bearer <token>. A worker’s ' +
        'token needs the scope "worker". To create a token, run this on the hub’s machine',
      ['tokens', 'create', '<name>', '--scope', '<scope>'],
    ),
  ),
  'token-invalid': kind(
    401,
    hint('Create a new token on the hub’s machine with', [
      'tokens',
      'create',
      '<name>',
      '--scope',
      '<scope>',
    ]),
  ),
  'scope-missing': kind(403, 'Use a token that has the permission described in the message.'),
  'host-refused': kind(
    403,
    'Use a host name that the hub accepts, or start the hub with --allow-host for this host name.',
  ),
  'origin-refused': kind(
    403,
    'Send the request from the hub’s own origin, or without an Origin header.',
  ),
  // jobs
  'job-not-found': kind(404, hint('List the jobs with', ['jobs'])),
  'group-not-found': kind(404, hint('List the jobs and their groups with', ['jobs', '--json'])),
  'job-exists': kind(409, 'Submit the job with another id, or without one.'),
  'job-terminal': kind(409, hint('The job has ended. To run it again, use', ['retry', '<job>'])),
  'job-not-terminal': kind(409, 'Wait for the job to end, or cancel it.'),
  'job-not-queued': kind(409, 'Nothing to do: another worker has claimed the job.'),
  'job-not-paused': kind(
    409,
    'You can resume only a paused job, or a queued job that waits for a closed resource.',
  ),
  'lease-lost': kind(409, 'Stop the attempt: it has ended, or another worker has claimed the job.'),
  'cancel-requested': kind(
    409,
    'Stop the attempt: it must not publish anything after a cancel request.',
  ),
  'hold-lapsed': kind(
    409,
    'Stop the attempt and publish nothing: the submitter did not extend the hold in time.',
  ),
  'input-missing': kind(
    422,
    'Upload the inputs named in the message with PUT /api/v1/blobs/{digest}, then submit again.',
  ),
  'cancel-not-requested': kind(
    409,
    'Settle the job as failed or succeeded: no cancel was requested.',
  ),
  'log-gap': kind(409, 'Send the missing part first; the message says where it begins.'),
  'log-conflict': kind(
    409,
    'Stop sending: the log already contains different bytes at this offset.',
  ),
  // artifacts
  'artifact-not-found': kind(
    404,
    hint('List the job’s artifacts with', ['artifacts', 'list', '<job>']),
  ),
  'artifact-corrupt': kind(
    500,
    'Restore the artifact from a backup: its stored bytes do not match its digest.',
  ),
  'digest-mismatch': kind(422, 'Upload again: the bytes received do not match the digest.', true),
  'artifact-changed': kind(
    409,
    'Upload the file again, and make sure that no process changes it during the upload.',
  ),
  'range-invalid': kind(416, 'Request a range within the size given in the message.'),
  // the hub
  'data-dir-busy': kind(
    409,
    'Stop the process named in the message, or choose another data folder with --data.',
  ),
  'backup-invalid': kind(422, 'Use another backup. Nothing was restored from this one.'),
  'backup-not-empty': kind(409, 'Choose a backup folder that is empty or does not exist yet.'),
  'restore-not-empty': kind(409, 'Restore into an empty data folder, database and store.'),
  'store-foreign': kind(
    500,
    'All hubs that share the ledger must be started with the same --store folder. If you restored a backup, restore the ledger and the store from the same backup.',
  ),
  'ledger-refused': kind(500, 'Check the user, password and database name in MILLWRIGHT_DATABASE.'),
  'ledger-unavailable': kind(
    503,
    'Wait; the hub will continue once the database is available again.',
    true,
  ),
  'schema-newer': kind(
    500,
    'Run the version of Millwright that wrote this data folder, or a newer one.',
  ),
  'config-exists': kind(409, 'Edit the existing file, or pass --force to replace it.'),
  'config-invalid': kind(400, 'Correct the file; docs/reference/settings.md lists every setting.'),
  'data-dir-unusable': kind(500, 'Pass --data with a folder that this user can write to.'),
  'ledger-damaged': kind(
    500,
    hint('Rename the data folder, then restore a backup into a new data folder with', [
      'restore',
      '<backup>',
    ]),
  ),
  'port-taken': kind(
    500,
    'Choose another port with --port, or stop the program that uses this one. On Linux, "ss -ltnp" shows that program.',
  ),
  'bind-refused': kind(
    500,
    'Bind to loopback, or pass --behind-proxy if a proxy in front of the hub terminates TLS.',
  ),
  'disk-full': kind(507, 'Free space on the disk named in the message.', true),
  'hub-unreachable': kind(503, hint('Check the hub’s URL, or start a hub with', ['up']), true),
  'hub-insecure': kind(
    400,
    'Use the hub’s https URL, or a tunnel. On a network that you trust, pass --allow-http.',
  ),
  'hub-stopping': kind(503, 'Try again in a few seconds.', true),
  'hub-error': kind(
    500,
    'This is a bug: report it together with the hub’s log from the time of the error.',
    true,
  ),
  'protocol-mismatch': kind(
    426,
    'Update the hubs first, then the workers; keep them at most one minor version apart.',
  ),
  // the worker and the command line
  'sandbox-missing': kind(
    500,
    'Install bubblewrap with: apt-get install bubblewrap. To run agents unconfined, pass --sandbox none.',
  ),
  'program-unstartable': kind(
    500,
    'Fix the cause given in the message. If the program was not found, install it in one of the PATH folders listed there.',
  ),
  'command-failed': kind(
    500,
    'Fix the problem shown at the end of the command output in the message.',
  ),
  'file-unreadable': kind(400, 'Check the path and its permissions.'),
  'usage-invalid': kind(400, 'See the command’s --help.'),
  'token-not-found': kind(404, hint('List the tokens with', ['tokens', 'list'])),
  // callbacks
  'callback-refused': kind(
    422,
    'Use a public https URL, or ask the hub’s operator to allow this one with --callback-allow.',
  ),
  'callbacks-off': kind(
    422,
    'All hubs that share the ledger must be started with the same MILLWRIGHT_CALLBACK_SECRET.',
  ),
  'callback-secret-invalid': kind(
    500,
    'Write one or two secrets into the file, one per line: "whsec_" followed by 24 to 64 bytes in base64. Or remove the file.',
  ),
  'delivery-not-found': kind(404, hint('List the deliveries with', ['callbacks'])),
  // the gateway
  'door-closed': kind(
    401,
    'Nothing to do: the attempt has ended, so it can no longer use the model.',
  ),
  'upstream-missing': kind(
    400,
    'Start the worker with --upstream-anthropic URL, --upstream-openai URL or --replay FILE.',
  ),
  'upstream-unreachable': kind(502, 'Check the upstream’s URL and the network.', true),
  'upstream-unknown': kind(502, 'Check the name of the host in the upstream’s URL.'),
  'replay-mismatch': kind(400, 'Use a script or recording that was made for this job.'),
  'script-invalid': kind(400, 'Correct the model script or recording as described in the message.'),
} as const satisfies Record<string, ErrorKind>

export type ErrorCode = keyof typeof ERRORS

/**
 * Extra members of the JSON document that describes the error in a response (RFC 9457). They are
 * for programs that handle the error.
 */
export type ErrorDetails = Readonly<Record<string, unknown>>

/** An error with a code from `ERRORS`. Its message says what failed, and why. */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; details?: ErrorDetails } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.details = options.details ?? {}
  }

  get status(): number {
    return ERRORS[this.code].status
  }

  /** The message and the next step, as two sentences. */
  get explanation(): string {
    return `${this.message.replace(/\.?$/, '.')} ${hintText(this.fix)}`
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable
  }

  get fix(): Hint {
    return ERRORS[this.code].fix
  }
}

export const isAppError = (error: unknown, code?: ErrorCode): error is AppError =>
  error instanceof AppError && (code === undefined || error.code === code)

/** Whether an error means that the bytes of an artifact or input are missing from the hub or damaged. */
export const isBytesGone = (error: unknown): error is AppError =>
  isAppError(error, 'artifact-not-found') || isAppError(error, 'artifact-corrupt')
