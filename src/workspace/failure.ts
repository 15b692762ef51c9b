import type { ReasonCode } from '../domain/reasons.ts'
import { StepFailed } from '../domain/stop.ts'
import type { ProgramEnd } from '../platform/run-program.ts'
import type { Credential } from './credential.ts'

/** The remote that git called, and the login it used. */
type RemoteCall = {
  readonly url: string
  readonly credential: Credential | null
  readonly knownHosts: string | null
}

/**
 * Converts a failed call to a remote into a step failure.
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
      `${url} did not answer in time; try again later`,
    )
  }
  const [, reason, advice] = PATTERNS.find(([pattern]) => pattern.test(output)) ?? UNKNOWN
  const text = typeof advice === 'string' ? advice : advice(call)
  return new StepFailed(reason, `${url}: ${text}. Git said: ${excerpt(output)}`)
}

/** Whether git rejected objects of the remote (transfer.fsckObjects). */
export const isUnsafe = (output: string): boolean => UNSAFE.test(output)

const UNSAFE = /fsck error/

type Pattern = readonly [
  pattern: RegExp,
  reason: ReasonCode,
  advice: string | ((call: RemoteCall) => string),
]

/** Messages of git, ssh and git-lfs in English (LC_ALL=C), most specific first. */
const PATTERNS: readonly Pattern[] = [
  [/No space left on device/, 'disk-full', 'the disk is full; free space'],
  [
    UNSAFE,
    'repository-unsafe',
    'the repository contains objects that git rejects; its owner must repair it',
  ],
  [
    /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    'host-key-changed',
    (call) =>
      `the host’s key is not the one in ${hostsFile(call)}; replace it there only after the host’s owner confirms the new key`,
  ],
  [
    /Host key verification failed/,
    'host-key-unknown',
    (call) =>
      `the host’s key is not in ${hostsFile(call)}; get it with ssh-keyscan, compare it with the fingerprint from the host’s owner, and add it to the file`,
  ],
  [/returned error: 403|: 403 /, 'repository-forbidden', lacksPermission],
  [
    /could not read (?:Username|Password)|Authentication (?:failed|required)|Git credentials for .* not found|returned error: 401|Permission denied \(|invalid credentials/i,
    'repository-login',
    ({ url, credential }) =>
      credential === null
        ? `a login is required, but no git credential rule of the worker matches this address; ${addRule(url)}`
        : `the login from ${credential.source} was refused; renew it`,
  ],
  [
    // Git LFS
    /Authorization error/,
    'repository-forbidden',
    lacksPermission,
  ],
  [
    /\[404\]/,
    'lfs-object-missing',
    'the Git LFS server lacks an object that the commit points to; push it from a clone that has it: git lfs push --all origin',
  ],
  [
    /repository '.*' not found|Repository (?:or object )?not found|returned error: 404|does not appear to be a git repository|repository '.*' does not exist|'.*' not found:/i,
    'repository-not-found',
    'the repository does not exist; check the address',
  ],
  [
    /returned error: 30\d|unable to update url base from redirection/,
    'repository-not-found',
    'the repository has moved, and redirects are not followed with a login; use its new address',
  ],
  [
    /couldn't find remote ref|not our ref|Server does not allow request for unadvertised object/,
    'ref-not-found',
    'the branch, tag or commit does not exist there; check the ref',
  ],
  [
    /Could not resolve|Failed to connect|Couldn't connect|Connection (?:refused|timed out|reset|closed)|timed out|Operation too slow|returned error: (?:429|5\d\d)|unable to access|hung up|early EOF|unexpected disconnect|Network is unreachable|No route to host|Empty reply|invalid server response|protocol error/i,
    'repository-unreachable',
    'the host could not be reached or closed the connection; check the network and the address',
  ],
]

function lacksPermission({ url, credential }: RemoteCall): string {
  return credential === null
    ? `this requires a login; ${addRule(url)}`
    : `the login from ${credential.source} lacks permission; grant it access`
}

const hostsFile = ({ knownHosts }: RemoteCall): string => knownHosts ?? 'known_hosts'

const addRule = (url: string): string =>
  /^https?:/i.test(url)
    ? `add a rule to the worker, such as --git-credential ${new URL(url).origin}/=env:GIT_TOKEN`
    : 'add a rule with a key file to the worker, or start it in an environment with an ssh agent'

const UNKNOWN: Pattern = [/(?:)/, 'workspace-failed', 'git failed']

/** The last lines, which hold the error; progress lines come before them. */
function excerpt(output: string): string {
  const lines = output.split(/[\r\n]+/).filter((line) => line.trim() !== '')
  return lines.slice(-12).join(' | ').slice(-2000) || 'nothing'
}
