import { type Hint, hint } from './hint.ts'

/** One kind of error an operator or caller can meet. */
export type ErrorKind = {
  /** HTTP status it is answered with. */
  readonly status: number
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean
  /** The next step for the person who reads it. */
  readonly fix: Hint
}

const kind = (status: number, fix: string | Hint, retryable = false): ErrorKind => ({
  status,
  retryable,
  fix: typeof fix === 'string' ? hint(fix) : fix,
})

/** Every error with a name. Codes are stable; anything not in this table is a bug and crashes. */
export const ERRORS = {
  // requests
  'request-invalid': kind(400, 'Correct the named field.'),
  'request-incomplete': kind(408, 'Send it again; the line broke off.', true),
  'payload-invalid': kind(422, 'Correct the named field of the payload.'),
  'kind-unknown': kind(422, 'Use one of the kinds in the message.'),
  'body-too-large': kind(413, 'Send less, or in several parts.'),
  'route-unknown': kind(404, 'See /openapi.json for the routes.'),
  'queue-full': kind(
    429,
    'Wait until workers have taken some, or cancel what is not needed.',
    true,
  ),
  'rate-limited': kind(429, 'Wait for the time in Retry-After.', true),
  'idempotency-conflict': kind(422, 'Use a new idempotency key for a different request.'),
  'cursor-invalid': kind(400, 'Start again from the first page.'),
  // who asks
  'token-missing': kind(
    401,
    hint(
      'Pass --token-file <file>, or send Authorization: Bearer <token>. To make a token where the ' +
        'hub runs (a worker needs the scope worker)',
      ['tokens', 'create', '<name>', '--scope', '<scope>'],
    ),
  ),
  'token-invalid': kind(
    401,
    hint('Make a new token with', ['tokens', 'create', '<name>', '--scope', '<scope>']),
  ),
  'scope-missing': kind(403, 'Use a token that has the scope named in the message.'),
  'host-refused': kind(
    403,
    'Call the hub by an address it was started with; add others with --allow-host.',
  ),
  'origin-refused': kind(403, 'Call the hub from its own page or without an Origin header.'),
  // jobs
  'job-not-found': kind(404, hint('List the jobs with', ['jobs'])),
  'job-exists': kind(409, 'Submit without an id.'),
  'job-terminal': kind(409, hint('The job has ended; start a new one with', ['retry', '<job>'])),
  'job-not-terminal': kind(409, 'Wait for the job to end, or cancel it.'),
  'job-not-queued': kind(409, 'Nothing to do; another worker has it.'),
  'job-not-paused': kind(409, 'Only a paused job can be resumed.'),
  'lease-lost': kind(409, 'Stop: the attempt has ended or another worker holds the job.'),
  'cancel-requested': kind(409, 'Stop: no new effect may begin after a cancel.'),
  'hold-lapsed': kind(409, 'Stop: publish nothing; the submitter has not extended the hold.'),
  'input-missing': kind(
    422,
    'Upload the inputs named in the message with PUT /api/v1/blobs/{digest}, then submit again.',
  ),
  'cancel-not-requested': kind(409, 'Settle as failed or succeeded; nobody cancelled the job.'),
  'log-gap': kind(409, 'Send from the offset in the message.'),
  'log-conflict': kind(409, 'Stop: this stream already holds other bytes at that offset.'),
  // artifacts
  'artifact-not-found': kind(404, hint('List them with', ['artifacts', 'list', '<job>'])),
  'artifact-corrupt': kind(
    500,
    'The stored bytes do not match their digest: restore them from a backup.',
  ),
  'digest-mismatch': kind(422, 'Send the bytes again; they changed on the way.', true),
  'artifact-changed': kind(409, 'Let nothing write to a file that is being kept.'),
  'range-invalid': kind(416, 'Ask for a range inside the size in the message.'),
  // the hub
  'data-dir-busy': kind(
    409,
    'Stop the process named in the message, or use another --data folder.',
  ),
  'backup-invalid': kind(422, 'Use another backup: this one is not restored, not even in part.'),
  'backup-not-empty': kind(409, 'Name a folder that is empty or does not exist yet.'),
  'restore-not-empty': kind(409, 'Restore into an empty data folder, database and store.'),
  'store-foreign': kind(
    500,
    'Start every hub of one ledger with the same --store folder, and restore both from one backup.',
  ),
  'ledger-refused': kind(500, 'Check MILLWRIGHT_DATABASE: user, password and database.'),
  'ledger-unavailable': kind(503, 'Wait: the hub goes on by itself when it is back.', true),
  'schema-newer': kind(500, 'Run the newer Millwright that made this data folder.'),
  'config-exists': kind(409, 'Edit it, or replace it with --force.'),
  'config-invalid': kind(400, 'Correct the file; docs/reference/settings.md lists every setting.'),
  'data-dir-unusable': kind(500, 'Name a folder with --data that this user may write to.'),
  'ledger-damaged': kind(
    500,
    hint('Move the data folder away and fill a new one from a backup', ['restore', '<backup>']),
  ),
  'port-taken': kind(
    500,
    'Choose another port with --port, or stop the program that listens there; on Linux ss -ltnp shows it.',
  ),
  'bind-refused': kind(
    500,
    'Bind to loopback, or pass --behind-proxy when TLS ends in front of the hub.',
  ),
  'disk-full': kind(507, 'Free space on the disk named in the message.', true),
  'hub-unreachable': kind(503, hint('Start it with', ['up']), true),
  'hub-insecure': kind(
    400,
    'Use its https address, or a tunnel. In a network that you trust, pass --allow-http.',
  ),
  'hub-stopping': kind(503, 'Try again in a moment.', true),
  'hub-error': kind(500, 'Report it with the hub’s log of that moment.', true),
  'protocol-mismatch': kind(
    426,
    'Bring the hubs up to date first, then the workers, at most one minor version apart.',
  ),
  // the worker and the command line
  'sandbox-missing': kind(
    500,
    'Install it with: apt-get install bubblewrap. To run agents unconfined, pass --sandbox none.',
  ),
  'program-unstartable': kind(
    500,
    'Install the program named in the message where the PATH in the message finds it.',
  ),
  'command-failed': kind(500, 'Read the last lines of its output in the message.'),
  'file-unreadable': kind(400, 'Check the path and its permissions.'),
  'usage-invalid': kind(400, 'See the command’s --help.'),
  'token-not-found': kind(404, hint('List them with', ['tokens', 'list'])),
  // callbacks
  'callback-refused': kind(
    422,
    'Use a public https address, or have the operator allow this one with --callback-allow.',
  ),
  'callbacks-off': kind(
    422,
    'Start every hub of the ledger with the same MILLWRIGHT_CALLBACK_SECRET.',
  ),
  'callback-secret-invalid': kind(
    500,
    'Put one or two lines into the file, each whsec_ and 24 to 64 bytes in base64, or remove it.',
  ),
  'delivery-not-found': kind(404, hint('List them with', ['callbacks'])),
  // the gateway
  'door-closed': kind(401, 'Nothing to do: an agent may not outlive its attempt.'),
  'upstream-missing': kind(
    400,
    'Start the worker with --upstream-anthropic URL, --upstream-openai URL or --replay FILE.',
  ),
  'upstream-unreachable': kind(502, 'Check the upstream’s address and the network.', true),
  'replay-mismatch': kind(400, 'Use the script or recording that was made for this task.'),
  'script-invalid': kind(400, 'Correct the model script at the place named.'),
} as const satisfies Record<string, ErrorKind>

export type ErrorCode = keyof typeof ERRORS

/** Further facts for programs; becomes members of the problem document. */
export type ErrorDetails = Readonly<Record<string, unknown>>

/** An error that an operator or caller can act on. Message: what failed, which thing, why. */
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

  get retryable(): boolean {
    return ERRORS[this.code].retryable
  }

  get fix(): Hint {
    return ERRORS[this.code].fix
  }
}

export const isAppError = (error: unknown, code?: ErrorCode): error is AppError =>
  error instanceof AppError && (code === undefined || error.code === code)

/** Whether the hub no longer has an artifact or input that was asked for, or only damaged bytes. */
export const isBytesGone = (error: unknown): error is AppError =>
  isAppError(error, 'artifact-not-found') || isAppError(error, 'artifact-corrupt')
