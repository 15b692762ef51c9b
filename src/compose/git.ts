import { accessSync, constants } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { expandHome } from '../config/expand-home.ts'
import type { Environment } from '../config/read.ts'
import type { UpConfig } from '../config/settings.ts'
import { AppError } from '../domain/errors.ts'
import { type ProxySettings, proxyVariables } from '../domain/proxy.ts'
import { noProbe, type Probe } from '../domain/probe.ts'
import { systemClock } from '../platform/clock.ts'
import { ReachedHosts } from '../platform/reached-hosts.ts'
import { type Signature, type Signing, UNSIGNED } from '../publish/commit.ts'
import { credentialFinder, type CredentialRule } from '../workspace/credential-rules.ts'
import type { GitSettings } from '../workspace/git.ts'
import { homeFolder } from './home-folder.ts'

/**
 * The timeout of one git command, long enough to fetch a large repository over a slow connection.
 */
const GIT_TIMEOUT_MS = 30 * 60_000
/** The timeout of a program that prints a credential. */
const SECRET_TIMEOUT_MS = 20_000

type Config = Pick<
  UpConfig,
  | 'allowLocal'
  | 'gitCredential'
  | 'gitKnownHosts'
  | 'gitSafeDirectory'
  | 'gitCommitter'
  | 'gitSign'
  | 'gitSigningKey'
  | keyof ProxySettings
>
type Here = { readonly env: Environment; readonly cwd: string }
type GitTools = { readonly folder: string; readonly path: string; readonly probe?: Probe }

/**
 * Builds the settings with which this worker runs git. Throws `usage-invalid` if a credential or a
 * file is missing.
 * @param folder the worker's own folder, inside the data folder
 */
export function gitSettings(
  config: Config,
  { folder, path, env, cwd, probe = noProbe }: Here & GitTools,
): GitSettings {
  const { gitKnownHosts } = config
  return {
    cacheFolder: join(folder, 'cache'),
    allow: { http: true, ssh: true, file: config.allowLocal },
    credentialFor: credentialFinder(rulesOf(config, { env, cwd }), {
      env,
      cwd,
      sshAuthSock: sshAgent(env),
      clock: systemClock,
      timeoutMs: SECRET_TIMEOUT_MS,
    }),
    path,
    proxy: proxyVariables(config),
    configFile: configFile(folder),
    knownHosts:
      gitKnownHosts === undefined ? null : readable('git.knownHosts', resolve(cwd, gitKnownHosts)),
    timeoutMs: GIT_TIMEOUT_MS,
    marker: null,
    probe,
    reached: new ReachedHosts(join(folder, 'hosts')),
  }
}

const configFile = (folder: string): string => join(folder, 'gitconfig')

/**
 * Writes the configuration file that `gitSettings` names. It lists the repositories of other users
 * that this worker may use. Git accepts this list only from a file, because git does not pass
 * settings from environment variables to the process that reads a repository on the same disk.
 */
export async function writeGitConfig(
  { gitSafeDirectory }: Pick<Config, 'gitSafeDirectory'>,
  folder: string,
): Promise<void> {
  // Depending on its version, git compares the repository's folder or the .git folder inside it.
  const lines = gitSafeDirectory
    .flatMap((path) => [path, `${path.replace(/\/$/, '')}/.git`])
    .map((path) => `\tdirectory = ${JSON.stringify(path)}\n`)
  await writeFile(configFile(folder), lines.length === 0 ? '' : `[safe]\n${lines.join('')}`)
}

const rulesOf = ({ gitCredential }: Config, { env, cwd }: Here): readonly CredentialRule[] =>
  gitCredential.map((rule) =>
    rule.from === 'file'
      ? { ...rule, path: resolve(cwd, expandHome(rule.path, env['HOME'], 'git.credentials')) }
      : rule,
  )

/**
 * Returns the committer of commits and how to sign them. Throws `usage-invalid` if a setting asks
 * for signed commits but the key is not set or not readable.
 */
export function signatureOf(config: Config, here: Here): Signature {
  const { committer } = UNSIGNED
  return { committer: config.gitCommitter ?? committer, signing: signingOf(config, here) }
}

function signingOf({ gitSign, gitSigningKey }: Config, { env, cwd }: Here): Signing | null {
  if (gitSign === 'none') return null
  if (gitSigningKey === undefined) {
    throw new AppError(
      'usage-invalid',
      `"git.sign" is "${gitSign}", but "git.signingKey" is not set`,
    )
  }
  if (gitSign === 'ssh') {
    const key = readable('git.signingKey', resolve(cwd, gitSigningKey))
    return { format: 'ssh', key, agent: sshAgent(env) }
  }
  const home = env['GNUPGHOME'] ?? join(homeFolder(env), '.gnupg')
  return { format: 'gpg', key: gitSigningKey, home }
}

/**
 * Returns the file's path. Throws `usage-invalid` if the file cannot be read. The worker then does
 * not start. If it started, all its jobs would fail.
 */
function readable(setting: string, file: string): string {
  try {
    accessSync(file, constants.R_OK)
    return file
  } catch (error) {
    throw new AppError('usage-invalid', `${setting}: the file ${file} cannot be read`, {
      cause: error,
    })
  }
}

/**
 * The paths of the files, folders and sockets that agents must not use. With them, an agent could
 * authenticate to a git server or sign commits as this worker.
 */
export function secretsOfGit(config: Config, { env, cwd }: Here): readonly string[] {
  const files = rulesOf(config, { env, cwd }).flatMap((rule) =>
    rule.from === 'file' ? [rule.path] : [],
  )
  const { signing } = signatureOf(config, { env, cwd })
  const key = signing === null ? null : signing.format === 'ssh' ? signing.key : signing.home
  return [...files, key, sshAgent(env)].filter((path) => path !== null)
}

/** The socket of the SSH agent in the worker's environment; null if there is none. */
function sshAgent(env: Environment): string | null {
  const socket = env['SSH_AUTH_SOCK'] ?? ''
  return socket === '' ? null : socket
}
