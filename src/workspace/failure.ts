import type { ReasonCode } from '../domain/reasons.ts'
import { StepFailed } from '../domain/stop.ts'
import type { ProgramEnd } from '../platform/run-program.ts'
import type { Credential } from './credential.ts'
import { hostOf } from './host.ts'

/** The remote that git called, and the credential that git used. */
type RemoteCall = {
  readonly url: string
  readonly credential: Credential | null
  readonly knownHosts: string | null
  /** Whether the host has ever answered this worker. */
  readonly isKnown: boolean
  /** Whether the host has answered a later call, and is therefore available. */
  readonly hasAnsweredSince?: boolean
}

/**
 * Converts a failed call to a remote into a step failure. If the host is unavailable, the failure
 * names the host, so that the job waits until the host is available.
 * @param output git's error output, with secrets already redacted
 */
export function remoteFailure(
  call: RemoteCall,
  end: Pick<ProgramEnd, 'exceeded'>,
  output: string,
): StepFailed {
  const { url } = call
  if (end.exceeded === 'time') {
    return new StepFailed(
      'repository-unreachable',
      `${url} did not respond in time; try again later`,
      { unavailable: call.hasAnsweredSince === true ? null : hostOf(url) },
    )
  }
  const patterns = call.isKnown ? PATTERNS : [UNRESOLVED, ...PATTERNS]
  const [, reason, advice] = patterns.find(([pattern]) => pattern.test(output)) ?? UNKNOWN
  const text = typeof advice === 'string' ? advice : advice(call)
  const isUnavailable =
    reason === 'repository-unreachable' && call.hasAnsweredSince !== true && !isLocal(output)
  const unavailable = isUnavailable ? hostOf(url) : null
  return new StepFailed(reason, `${url}: ${text}. Git said: ${excerpt(output)}`, { unavailable })
}

/** Whether git rejected objects from the remote as invalid (transfer.fsckObjects). */
export const isUnsafe = (output: string): boolean => UNSAFE.test(output)

const UNSAFE = /fsck error/

const PROXY_UNRESOLVED = /Could not resolve proxy/i
const PROXY_LOGIN = /407 from proxy|CONNECT tunnel failed, response 407|returned error: 407/i
const PROXY_REFUSAL = /403 from proxy|CONNECT tunnel failed, response 403/i

/**
 * Matches certificate and TLS errors, which waiting does not fix. Does not match GnuTLS's message
 * about a broken connection.
 */
const CERTIFICATE =
  /\bcertificate\b|\bSSL_ERROR_|\bSSL routines\b|\bgnutls_handshake\b|\bTLS\b(?! connection was)/

/**
 * Whether the worker's proxy or a TLS setting caused the failure. Jobs then do not wait for the
 * host, because other workers may reach it. Ignores words in URLs, paths and host names, such as
 * `mbedtls.git`.
 */
const isLocal = (output: string): boolean =>
  [PROXY_UNRESOLVED, PROXY_LOGIN, PROXY_REFUSAL].some((pattern) => pattern.test(output)) ||
  CERTIFICATE.test(output.replace(/\S*(?:[/@]|\w\.\w)\S*/g, ' '))

const CORRECT_PROXY = 'correct proxy.https or proxy.http (HTTPS_PROXY, HTTP_PROXY) of the worker'

type Pattern = readonly [
  pattern: RegExp,
  reason: ReasonCode,
  advice: string | ((call: RemoteCall) => string),
]

/**
 * Patterns for error messages from git, ssh and git-lfs, most specific first. The messages are in
 * English, because git runs with LC_ALL=C.
 */
const PATTERNS: readonly Pattern[] = [
  [/No space left on device/, 'disk-full', 'the disk is full; free some space'],
  [
    UNSAFE,
    'repository-unsafe',
    'the repository contains objects that git rejects; its owner must repair it',
  ],
  [
    /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    'host-key-changed',
    (call) =>
      `the host’s key differs from the one in ${hostsFile(call)}; replace the key in that file only after the host’s owner confirms the new one`,
  ],
  [
    /Host key verification failed/,
    'host-key-unknown',
    (call) =>
      `the host’s key is not in ${hostsFile(call)}; get the key with ssh-keyscan, compare its fingerprint with the one from the host’s owner, and add the key to that file`,
  ],
  [
    /detected dubious ownership/,
    'repository-forbidden',
    ({ url }) =>
      `the repository folder belongs to another user; make the worker’s user its owner or, if you trust everyone who can change the folder, start the worker with --git-safe-directory ${folderOf(url)}`,
  ],
  [
    PROXY_UNRESOLVED,
    'repository-unreachable',
    `the name of the network proxy does not resolve; ${CORRECT_PROXY}`,
  ],
  [
    PROXY_LOGIN,
    'repository-unreachable',
    `the network proxy requires a login, or rejected the login in its URL; ${CORRECT_PROXY}`,
  ],
  [
    PROXY_REFUSAL,
    'repository-unreachable',
    `the network proxy refused to connect to the host; allow the host there, or ${CORRECT_PROXY}`,
  ],
  [/returned error: 403|: 403 /, 'repository-forbidden', lacksPermission],
  [
    /could not read (?:Username|Password)|Authentication (?:failed|required)|Git credentials for .* not found|returned error: 401|Permission denied \(|invalid credentials/i,
    'repository-login',
    ({ url, credential }) =>
      credential === null
        ? `the server requires a credential, but no git credential rule of this worker matches the URL; ${addRule(url)}`
        : `the server rejected the credential from ${credential.source}; replace it there with a valid one`,
  ],
  [
    // git-lfs prints this message if permission is missing.
    /Authorization error/,
    'repository-forbidden',
    lacksPermission,
  ],
  [
    /\[404\]/,
    'lfs-object-missing',
    'the Git LFS server lacks an object that the commit points to; push the object from a clone that has it: git lfs push --all origin',
  ],
  [
    /repository '.*' not found|Repository (?:or object )?not found|returned error: 404|does not appear to be a git repository|repository '.*' does not exist|'.*' not found:/i,
    'repository-not-found',
    ({ url }) =>
      /^(?:\/|file:)/i.test(url)
        ? 'the path is not a git repository; use the top folder of a repository'
        : 'the repository does not exist; check the URL',
  ],
  [
    /returned error: 30\d|unable to update url base from redirection/,
    'repository-not-found',
    'the repository has moved; use the new URL, because git follows no redirects when it sends a credential',
  ],
  [
    /couldn't find remote ref|not our ref|Server does not allow request for unadvertised object/,
    'ref-not-found',
    'the branch, tag or commit does not exist in the repository; check the ref',
  ],
  [/returned error: 4(?!08|25|29)\d\d/, 'repository-refused', 'the server refused the request'],
  [
    /Could not resolve|Failed to connect|Couldn't connect|Connection (?:refused|timed out|reset|closed)|timed out|Operation too slow|returned error: (?:429|5\d\d)|unable to access|hung up|early EOF|unexpected disconnect|Network is unreachable|No route to host|Empty reply|invalid server response|protocol error/i,
    'repository-unreachable',
    'the host could not be reached, or it closed the connection; check the network and the URL',
  ],
]

const UNRESOLVED: Pattern = [
  /Could not resolve (?!proxy)/,
  'host-not-found',
  'the host’s name does not resolve; check the URL',
]

function lacksPermission({ url, credential }: RemoteCall): string {
  return credential === null
    ? `the server requires a credential; ${addRule(url)}`
    : `the credential from ${credential.source} lacks permission; grant it access`
}

/** The folder of a repository on this machine's disk. */
const folderOf = (url: string): string => url.replace(/^file:\/\//i, '')

const hostsFile = ({ knownHosts }: RemoteCall): string => knownHosts ?? 'known_hosts'

const addRule = (url: string): string =>
  /^https?:/i.test(url)
    ? `add a credential rule to the worker, such as --git-credential ${new URL(url).origin}/=env:GIT_TOKEN`
    : 'add a credential rule with a private key file to the worker, or start the worker in an environment with an ssh agent'

const UNKNOWN: Pattern = [/(?:)/, 'workspace-failed', 'git failed']

/**
 * The last lines of the output, which contain the error; progress lines come before them. Leaves
 * out git's advice to change the user's configuration, because the worker's git ignores that
 * configuration.
 */
function excerpt(output: string): string {
  const said = output.replace(/^To add an exception[^\n]*\n\s*git config --global[^\n]*$/m, '')
  const lines = said.split(/[\r\n]+/).filter((line) => line.trim() !== '')
  return lines.slice(-12).join(' | ').slice(-2000) || 'nothing'
}
