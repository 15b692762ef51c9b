import type { ProgramEnd } from '../platform/run-program.ts'
import type { Address } from './address.ts'
import { authorization, type Credential, withoutSecrets } from './credential.ts'
import { remoteFailure } from './failure.ts'
import { git, type GitCall, type GitSettings } from './git.ts'
import { branchOf } from './ref-name.ts'
import { sshEnvironment } from './ssh.ts'

/** A ref as the remote has it. */
export type RemoteRefs = {
  /** Commit or tag object by full ref name. */
  readonly tips: ReadonlyMap<string, string>
  /** The branch that the remote's HEAD stands for; null when detached, empty or of a name that we refuse. */
  readonly head: string | null
}

/**
 * Asks the remote for some refs by their full names, HEAD included when named. Always asks, with
 * the job's own credential, so it is also the proof that the job may read the repository.
 * @param call.gitDir any folder; git needs no repository for this
 */
export async function askRemote(
  remote: Remote,
  names: readonly string[],
  signal: AbortSignal,
): Promise<RemoteRefs> {
  const args = ['ls-remote', '--symref', '--end-of-options', remote.address.url, ...names]
  const end = await callRemote(remote, { args, gitDir: remote.gitDir }, signal)
  if (end.code !== 0) throw end.failure()
  return readRefs(end.stdout.toString('utf8'), names)
}

/** A repository elsewhere, and the git folder from which it is spoken to. */
export type Remote = {
  readonly settings: GitSettings
  readonly address: Address
  readonly gitDir: string
}

/** How a call to a remote ended. */
export type RemoteEnd = Omit<ProgramEnd, 'stderr'> & {
  /** What git and the remote said, without a trace of the credential. */
  readonly words: string
  /** The same for what people are to see of stdout, where a remote's words may stand, too. */
  redact(text: string): string
  /** The step failure this end stands for. */
  failure(): Error
}

/**
 * Speaks to a remote: the one place where a credential meets git. It is in that process's
 * environment and nowhere else.
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
      env: { ...call.env, ...sshEnvironment(settings, credential) },
      config: [
        ...(call.config ?? []),
        ...address.protocols.map((name) => [`protocol.${name}.allow`, 'always'] as const),
        ...login(address, credential),
      ],
    },
    signal,
  )
  const redact = (text: string) => withoutSecrets(text, credential)
  const { stderr, ...facts } = end
  const words = redact(stderr)
  const { knownHosts } = settings
  const failure = () => remoteFailure({ url: address.url, credential, knownHosts }, facts, words)
  return { ...facts, words, redact, failure }
}

function login(address: Address, credential: Credential | null): (readonly [string, string])[] {
  const header = credential === null ? null : authorization(credential)
  if (header === null) return []
  const { origin } = new URL(address.url)
  return [
    [`http.${origin}.extraHeader`, `Authorization: ${header}`],
    // Git would send the header to wherever a redirect points.
    ['http.followRedirects', 'false'],
  ]
}

function readRefs(text: string, names: readonly string[]): RemoteRefs {
  const lines = text.split('\n').map((line) => line.split('\t'))
  const tips = new Map<string, string>()
  let head: string | null = null
  for (const [value = '', name = ''] of lines) {
    // A pattern also matches the tail of other names, such as refs/pull/refs/heads/x.
    if (!names.includes(name)) continue
    if (!value.startsWith('ref: ')) tips.set(name, value)
    // Git passes on whatever the remote says here, dots and all.
    else if (name === 'HEAD') head = branchOf(value.slice('ref: '.length))
  }
  return { tips, head }
}
