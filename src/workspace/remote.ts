import { withoutProxyLogin } from '../domain/proxy.ts'
import type { ProgramEnd } from '../platform/run-program.ts'
import type { Address } from './address.ts'
import { authorization, type Credential, withoutSecrets } from './credential.ts'
import { remoteFailure } from './failure.ts'
import { git, type GitCall, type GitSettings } from './git.ts'
import { hostOf } from './host.ts'
import { branchOf } from './ref-name.ts'
import { sshEnvironment } from './ssh.ts'

/** The refs of a remote that a call of `askRemote` requested. */
export type RemoteRefs = {
  /** Ids of commits and tag objects, by full ref name such as `refs/heads/main`. */
  readonly tips: ReadonlyMap<string, string>
  /** Name of the branch that HEAD points to; null if HEAD is detached, missing or invalid. */
  readonly head: string | null
}

/**
 * Asks the remote for the refs in `names`. Each name is HEAD, a full ref name, or the beginning of
 * one followed by `*`. Always contacts the remote, so success also proves that the credential
 * allows reading the repository. If `names` is empty, asks for HEAD, because git would otherwise
 * list every ref of the remote.
 * @param remote.gitDir any folder; this call needs no local repository
 */
export async function askRemote(
  remote: Remote,
  names: readonly string[],
  signal: AbortSignal,
): Promise<RemoteRefs> {
  const patterns = names.length === 0 ? ['HEAD'] : names
  const args = ['ls-remote', '--symref', '--end-of-options', remote.address.url, ...patterns]
  const end = await callRemote(remote, { args, gitDir: remote.gitDir }, signal)
  if (end.code !== 0) throw end.failure()
  return readRefs(end.stdout.toString('utf8'), names)
}

/** A remote repository, and the git directory to use for calls to it. */
export type Remote = {
  readonly settings: GitSettings
  readonly address: Address
  readonly gitDir: string
}

/** The result of a git call to a remote. */
export type RemoteEnd = Omit<ProgramEnd, 'stderr'> & {
  /** Error output of git and the remote, with the credential redacted. */
  readonly redactedStderr: string
  /**
   * Redacts the credential in a string. Use this for stdout, because the remote may have printed
   * the credential there.
   */
  redact(text: string): string
  /**
   * Makes a step failure from this result. Call this only if git failed.
   * @param later.hasAnsweredSince whether the host has answered a later call; if so, the job does
   * not wait for the host
   */
  failure(later?: { readonly hasAnsweredSince: boolean }): Error
}

/**
 * Runs a git command against a remote. No other function gives git a credential. Passes the
 * credential in the environment of this git process only.
 */
export async function callRemote(
  remote: Remote,
  call: GitCall,
  signal: AbortSignal,
): Promise<RemoteEnd> {
  const { settings, address } = remote
  const isLocal = address.transport === 'file'
  const credential = isLocal ? null : await settings.credentialFor(address.url)
  const end = await git(
    settings,
    {
      ...call,
      env: { ...settings.proxy, ...call.env, ...sshEnvironment(settings, credential) },
      config: [
        ...(call.config ?? []),
        ...address.protocols.map((name) => [`protocol.${name}.allow`, 'always'] as const),
        ...credentialConfig(address, credential),
      ],
    },
    signal,
  )
  const redact = (text: string) =>
    withoutProxyLogin(withoutSecrets(text, credential), settings.proxy)
  const { stderr, ...facts } = end
  const redactedStderr = redact(stderr)
  const { knownHosts, reached } = settings
  const host = hostOf(address.url)?.key ?? null
  if (host !== null && end.code === 0) await reached.add(host)
  const isKnown = host === null || reached.has(host)
  const remoteCall = { url: address.url, credential, knownHosts, isKnown }
  const failure: RemoteEnd['failure'] = (later) =>
    remoteFailure({ ...remoteCall, ...later }, facts, redactedStderr)
  return { ...facts, redactedStderr, redact, failure }
}

function credentialConfig(
  address: Address,
  credential: Credential | null,
): (readonly [string, string])[] {
  const header = credential === null ? null : authorization(credential)
  if (header === null) return []
  const { origin } = new URL(address.url)
  return [
    [`http.${origin}.extraHeader`, `Authorization: ${header}`],
    // If git followed a redirect, it would send the Authorization header to the redirect's target.
    ['http.followRedirects', 'false'],
  ]
}

function readRefs(text: string, names: readonly string[]): RemoteRefs {
  const lines = text.split('\n').map((line) => line.split('\t'))
  const tips = new Map<string, string>()
  let head: string | null = null
  for (const [value = '', name = ''] of lines) {
    // ls-remote also lists names that merely end with a requested name, such as
    // refs/pull/refs/heads/x.
    if (!names.some((asked) => matches(asked, name))) continue
    if (!value.startsWith('ref: ')) tips.set(name, value)
    // `branchOf` validates this name from the remote, because git does not.
    else if (name === 'HEAD') head = branchOf(value.slice('ref: '.length))
  }
  return { tips, head }
}

const matches = (asked: string, name: string): boolean =>
  asked.endsWith('*') ? name.startsWith(asked.slice(0, -1)) : name === asked
