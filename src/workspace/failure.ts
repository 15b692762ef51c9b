import type { ReasonCode } from '../domain/reasons.ts'
import { StepFailed } from '../domain/stop.ts'
import type { ProgramEnd } from '../platform/run-program.ts'
import type { Credential } from './credential.ts'

/** What was called, and with what. */
type RemoteCall = {
  readonly url: string
  readonly credential: Credential | null
  readonly knownHosts: string | null
}

/**
 * What the end of a call to a remote means.
 * @param words what git said, already without secrets
 */
export function remoteFailure(
  call: RemoteCall,
  end: Pick<ProgramEnd, 'exceeded'>,
  words: string,
): StepFailed {
  const { url } = call
  if (end.exceeded === 'time') {
    return new StepFailed(
      'repository-unreachable',
      `${url} did not answer in time; try again later`,
    )
  }
  const [, reason, advice] = SIGNS.find(([sign]) => sign.test(words)) ?? UNKNOWN
  const text = typeof advice === 'string' ? advice : advice(call)
  return new StepFailed(reason, `${url}: ${text}. Git said: ${excerpt(words)}`)
}

/** Whether git refused what the remote sent, as transfer.fsckObjects demands. */
export const isUnsafe = (words: string): boolean => UNSAFE.test(words)

const UNSAFE = /fsck error/

type Sign = readonly [
  sign: RegExp,
  reason: ReasonCode,
  advice: string | ((call: RemoteCall) => string),
]

/** Git's and ssh's own words (untranslated), most telling first. */
const SIGNS: readonly Sign[] = [
  [/No space left on device/, 'disk-full', 'the disk is full; free space'],
  [UNSAFE, 'repository-unsafe', 'it holds objects that git refuses; its owner must fix it'],
  [
    /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    'host-key-changed',
    (call) =>
      `the host’s key is not the one in ${hostsFile(call)}; ask its owner, and only then replace it there`,
  ],
  [
    /Host key verification failed/,
    'host-key-unknown',
    (call) =>
      `the host’s key is not in ${hostsFile(call)}; get it with ssh-keyscan, check it with its owner, and add it there`,
  ],
  [/returned error: 403|: 403 /, 'repository-forbidden', mayNot],
  [
    /could not read (?:Username|Password)|Authentication (?:failed|required)|Git credentials for .* not found|returned error: 401|Permission denied \(|invalid credentials/i,
    'repository-login',
    ({ url, credential }) =>
      credential === null
        ? `a login is needed, and no rule of the worker’s git credentials is for this address; ${addRule(url)}`
        : `the login from ${credential.source} was refused; renew it`,
  ],
  [
    // Git LFS
    /Authorization error/,
    'repository-forbidden',
    mayNot,
  ],
  [
    /\[404\]/,
    'lfs-object-missing',
    'its Git LFS lacks a content that the commit points to; whoever has it can: git lfs push --all',
  ],
  [
    /repository '.*' not found|Repository (?:or object )?not found|returned error: 404|does not appear to be a git repository|repository '.*' does not exist|'.*' not found:/i,
    'repository-not-found',
    'there is no such repository; check the address',
  ],
  [
    /returned error: 30\d|unable to update url base from redirection/,
    'repository-not-found',
    'it has moved and logins are not carried along; use its new address',
  ],
  [
    /couldn't find remote ref|not our ref|Server does not allow request for unadvertised object/,
    'ref-not-found',
    'the branch, tag or commit does not exist there; check the ref',
  ],
  [
    /Could not resolve|Failed to connect|Couldn't connect|Connection (?:refused|timed out|reset|closed)|timed out|Operation too slow|returned error: (?:429|5\d\d)|unable to access|hung up|early EOF|unexpected disconnect|Network is unreachable|No route to host|Empty reply|invalid server response|protocol error/i,
    'repository-unreachable',
    'the host could not be reached or broke off; check the network and the address',
  ],
]

function mayNot({ url, credential }: RemoteCall): string {
  return credential === null
    ? `nobody may do this without a login; ${addRule(url)}`
    : `${credential.source} may not do this; grant it access`
}

const hostsFile = ({ knownHosts }: RemoteCall): string => knownHosts ?? 'known_hosts'

const addRule = (url: string): string =>
  /^https?:/i.test(url)
    ? `add one to the worker, such as ${new URL(url).origin}/=env:GIT_TOKEN`
    : 'add one to the worker, with the file of a key, or start it where an ssh agent runs'

const UNKNOWN: Sign = [/(?:)/, 'workspace-failed', 'git failed']

/** The telling lines, without progress. */
function excerpt(words: string): string {
  const lines = words.split(/[\r\n]+/).filter((line) => line.trim() !== '')
  return lines.slice(-12).join(' | ').slice(-2000) || 'nothing'
}
