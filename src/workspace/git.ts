import type { Probe } from '../domain/probe.ts'
import type { ProxyVariables } from '../domain/proxy.ts'
import { StepFailed } from '../domain/stop.ts'
import { MARKER } from '../platform/process-tree.ts'
import { type Input, type ProgramEnd, runProgram } from '../platform/run-program.ts'
import type { ReachedHosts } from '../platform/reached-hosts.ts'
import type { Transport } from './address.ts'
import type { Credential } from './credential.ts'

/** Maximum output of one git call, in bytes. The output is kept in memory. */
const STDOUT_BYTES_MAX = 64 * 1024 * 1024

/** This worker's settings for git. */
export type GitSettings = {
  /** Absolute path of the folder that contains the caches. */
  readonly cacheFolder: string
  /** Whether a job's repository URL may use a transport; `http` includes https. */
  readonly allow: Readonly<Record<Transport, boolean>>
  /**
   * Finds the credential for a URL. Returns null if no rule matches. Throws StepFailed
   * `credential-missing` if the secret cannot be read.
   */
  readonly credentialFor: (url: string) => Promise<Credential | null>
  readonly path: string
  /**
   * Variables that name the network proxy; empty if there is no proxy. Only calls to a remote get
   * these variables.
   */
  readonly proxy: ProxyVariables
  /**
   * Path of the configuration file for git. Git reads no other configuration except a repository's
   * own.
   */
  readonly configFile: string
  /**
   * Path of the only known_hosts file for ssh to use; null for the user's and the system's default
   * files.
   */
  readonly knownHosts: string | null
  /** Time limit for one git call, in milliseconds. */
  readonly timeoutMs: number
  /**
   * Value of an environment variable that git and all its child processes get. If the worker dies,
   * its guard finds these processes by the variable and kills them. If null, the variable is not
   * set.
   */
  readonly marker: string | null
  readonly probe: Probe
  /** The hosts that have answered this worker. */
  readonly reached: ReachedHosts
}

/** One git call. */
export type GitCall = {
  readonly args: readonly string[]
  /** Path of the git directory. Required, so that git never searches for a repository. */
  readonly gitDir: string
  readonly workTree?: string
  readonly indexFile?: string
  readonly stdin?: Input
  readonly stdoutFile?: string
  readonly stdoutBytesMax?: number
  /** Additional environment variables, such as the author's name. */
  readonly env?: Readonly<Record<string, string>>
  /** Additional git configuration for this call only. */
  readonly config?: readonly (readonly [string, string])[]
}

/**
 * Runs git so that neither the machine's settings nor a repository can make git run other programs:
 * clean environment, no global configuration, no hooks, no credential helpers, and no protocols
 * except those that the call allows. Throws AppError `program-unstartable` if git is missing.
 * @returns the result, whatever the exit code
 */
export async function git(
  settings: GitSettings,
  call: GitCall,
  signal: AbortSignal,
): Promise<ProgramEnd> {
  const { stdin, stdoutFile } = call
  return await runProgram(
    {
      argv: ['git', '--no-pager', ...call.args],
      cwd: call.workTree ?? settings.cacheFolder,
      env: environment(settings, call),
      timeoutMs: settings.timeoutMs,
      stdoutBytesMax: call.stdoutBytesMax ?? STDOUT_BYTES_MAX,
      ...(stdin === undefined ? {} : { stdin }),
      ...(stdoutFile === undefined ? {} : { stdoutFile }),
    },
    signal,
  )
}

/**
 * Runs a git call that does not use a remote. Returns its output. Throws StepFailed if the call
 * fails.
 */
export async function mustGit(
  settings: GitSettings,
  call: GitCall,
  signal: AbortSignal,
): Promise<Buffer> {
  const end = await git(settings, call, signal)
  if (end.code === 0) return end.stdout
  throw localFailure(call, end)
}

/** Makes a step failure from the result of a failed git call that did not use a remote. */
export function localFailure(call: GitCall, end: ProgramEnd): StepFailed {
  const command = `git ${call.args[0] ?? ''}`
  if (end.exceeded === 'time') {
    return new StepFailed('workspace-failed', `${command} exceeded the worker’s time limit for git`)
  }
  if (end.exceeded === 'output') {
    return new StepFailed(
      'change-too-large',
      `${command} printed more than the worker’s output limit allows`,
    )
  }
  const full = end.stderr.includes('No space left on device')
  return new StepFailed(
    full ? 'disk-full' : 'workspace-failed',
    `${command} exited with ${end.code ?? end.killSignal}: ${end.stderr.trim().slice(-2000)}`,
  )
}

function environment(settings: GitSettings, call: GitCall): Record<string, string> {
  const config = [...HARDENED, ...(call.config ?? [])]
  return {
    PATH: settings.path,
    // Makes git print English messages, which our patterns require.
    LC_ALL: 'C',
    // With a real home folder, git's libcurl would read credentials from ~/.netrc.
    HOME: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: settings.configFile,
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_PROTOCOL_FROM_USER: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_LFS_SKIP_SMUDGE: '1',
    ...(settings.marker === null ? {} : { [MARKER]: settings.marker }),
    GIT_DIR: call.gitDir,
    ...(call.workTree === undefined ? {} : { GIT_WORK_TREE: call.workTree }),
    ...(call.indexFile === undefined ? {} : { GIT_INDEX_FILE: call.indexFile }),
    ...call.env,
    // Pass the configuration in variables, not as -c options, because other users can see a
    // process's arguments.
    GIT_CONFIG_COUNT: String(config.length),
    ...Object.fromEntries(
      config.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  }
}

const HARDENED: readonly (readonly [string, string])[] = [
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['core.attributesFile', '/dev/null'],
  ['core.excludesFile', '/dev/null'],
  ['core.askPass', ''],
  ['core.symlinks', 'true'],
  ['core.protectHFS', 'true'],
  ['core.protectNTFS', 'true'],
  ['core.quotePath', 'true'],
  ['credential.helper', ''],
  ['protocol.allow', 'never'],
  ['safe.bareRepository', 'explicit'],
  ['submodule.recurse', 'false'],
  ['fetch.recurseSubmodules', 'false'],
  ['push.recurseSubmodules', 'no'],
  ['transfer.fsckObjects', 'true'],
  // Some well-known public repositories have harmless defects in their old history. Only warn about
  // these.
  ['fetch.fsck.badTimezone', 'warn'],
  ['fetch.fsck.zeroPaddedFilemode', 'warn'],
  ['fetch.fsck.missingSpaceBeforeDate', 'warn'],
  // Always store a fetch as a pack, which git writes atomically. If a fetch is killed, its loose
  // objects could look like complete history.
  ['fetch.unpackLimit', '1'],
  ['transfer.bundleURI', 'false'],
  // Abort if a server sends less than one byte per second for a minute. A server that is still
  // working sends git's keepalive packets more often than that.
  ['http.lowSpeedLimit', '1'],
  ['http.lowSpeedTime', '60'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  // Use one checkout process per processor (0), but only for 20,000 files or more. For fewer files,
  // parallel checkout is not faster.
  ['checkout.workers', '0'],
  ['checkout.thresholdForParallelism', '20000'],
]
