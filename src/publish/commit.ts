import { StepFailed } from '../domain/stop.ts'
import type { Change } from '../workspace/change.ts'
import { git, type GitSettings, localFailure } from '../workspace/git.ts'
import type { Workspace } from '../workspace/workspace.ts'
import { commitMessage, type CommitText } from './commit-message.ts'

export type Person = { readonly name: string; readonly email: string }

/**
 * The key with which a worker signs commits. Only the git call that makes the commit receives it.
 */
export type Signing =
  /**
   * `key` is the path of a private key without a passphrase. If an ssh agent holds the private key,
   * `key` is the path of the public key instead, and `agent` is the path of the agent's socket.
   */
  | { readonly format: 'ssh'; readonly key: string; readonly agent: string | null }
  /** `key` is the id of a key in `home`, a GnuPG home folder. */
  | { readonly format: 'gpg'; readonly key: string; readonly home: string }

/** The committer of a worker's commits. If `signing` is null, the commits are not signed. */
export type Signature = { readonly committer: Person; readonly signing: Signing | null }

export const UNSIGNED: Signature = {
  committer: { name: 'Millwright', email: 'millwright@localhost' },
  signing: null,
}

/** A change to be committed. */
export type CommitRequest = {
  readonly workspace: Workspace
  readonly change: Change
  /** The author of the commit; null if the committer is also the author. */
  readonly author: Person | null
  readonly signature: Signature
  readonly text: CommitText
  /** Time of the commit, in milliseconds since the epoch. */
  readonly at: number
}

/**
 * Time limit for signing, in milliseconds. If signing takes longer, the signing program
 * probably waits for a passphrase.
 */
const SIGNING_MS_MAX = 60_000

/**
 * Makes one commit on the workspace's base.
 * @returns the commit's id. Throws StepFailed `publish-invalid` if git rejects the author's or
 * committer's name, and `signing-failed` with the signing program's output.
 */
export async function makeCommit(
  request: CommitRequest,
  settings: GitSettings,
  signal: AbortSignal,
): Promise<string> {
  const { workspace, change, signature, text, at } = request
  const { committer, signing } = signature
  const author = request.author ?? committer
  const date = `@${Math.floor(at / 1000)} +0000`
  const sign = signing === null ? NO_SIGNATURE : signingCall(signing)
  const call = {
    args: ['commit-tree', ...sign.args, '-p', workspace.base.commit, '-F', '-', change.tree],
    gitDir: workspace.gitDir,
    stdin: commitMessage(text),
    env: {
      GIT_AUTHOR_NAME: author.name,
      GIT_AUTHOR_EMAIL: author.email,
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_NAME: committer.name,
      GIT_COMMITTER_EMAIL: committer.email,
      GIT_COMMITTER_DATE: date,
      ...sign.env,
    },
    config: sign.config,
  }
  const timeoutMs = Math.min(settings.timeoutMs, SIGNING_MS_MAX)
  const end = await git({ ...settings, timeoutMs }, call, signal)
  if (end.code === 0) return end.stdout.toString('utf8').trim()
  if (/disallowed characters|empty ident/.test(end.stderr)) {
    const detail = `git rejects the author’s or committer’s name. Git said: ${end.stderr.trim().slice(-2000)}`
    throw new StepFailed('publish-invalid', detail)
  }
  if (signing === null) throw localFailure(call, end)
  const why =
    end.exceeded === 'time' ? 'Signing timed out' : `Git said: ${end.stderr.trim().slice(-2000)}`
  throw new StepFailed('signing-failed', `${advice(signing)}. ${why}`)
}

type SigningCall = {
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly config: readonly (readonly [string, string])[]
}

const NO_SIGNATURE: SigningCall = { args: [], env: {}, config: [] }

function signingCall(signing: Signing): SigningCall {
  const args = ['-S']
  const key = ['user.signingKey', signing.key] as const
  if (signing.format === 'gpg') {
    return { args, env: { GNUPGHOME: signing.home }, config: [['gpg.format', 'openpgp'], key] }
  }
  const env = signing.agent === null ? {} : { SSH_AUTH_SOCK: signing.agent }
  return { args, env, config: [['gpg.format', 'ssh'], key] }
}

const advice = (signing: Signing): string =>
  signing.format === 'ssh'
    ? `the commit could not be signed with the ssh key ${signing.key}: the worker’s user must be able to read the key, and the key must have no passphrase unless an ssh agent holds it`
    : `the commit could not be signed with the GnuPG key ${signing.key} in ${signing.home}: gpg must be installed, and the key must exist there and work without a passphrase prompt`
