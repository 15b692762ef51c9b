import type { Probe } from '../domain/probe.ts'
import { StepFailed } from '../domain/stop.ts'
import { MARKER } from '../platform/process-tree.ts'
import { type Input, type ProgramEnd, runProgram } from '../platform/run-program.ts'
import type { Transport } from './address.ts'
import type { Credential } from './credential.ts'

/** Largest output of git to keep in memory: lists of names, never file contents. */
const STDOUT_BYTES_MAX = 64 * 1024 * 1024

/** How this worker uses git. */
export type GitSettings = {
  /** Absolute path of the folder of bare caches, one for each repository. */
  readonly cacheFolder: string
  /** Transports that a job's address may use; `http` includes https. */
  readonly allow: Readonly<Record<Transport, boolean>>
  /** null when no rule matches. Throws StepFailed `credential-missing` for an unreadable secret. */
  readonly credentialFor: (url: string) => Promise<Credential | null>
  readonly path: string
  /** The only file of known ssh hosts to use; null for the files of the user and the machine. */
  readonly knownHosts: string | null
  /** Longest git call, in milliseconds. */
  readonly timeoutMs: number
  /** Marks git and all its child processes, so that they are killed when the worker dies. */
  readonly marker: string | null
  readonly probe: Probe
}

/** One git call. */
export type GitCall = {
  readonly args: readonly string[]
  /** Always set, so that git never searches for a repository. */
  readonly gitDir: string
  readonly workTree?: string
  readonly indexFile?: string
  readonly stdin?: Input
  readonly stdoutFile?: string
  readonly stdoutBytesMax?: number
  /** Additional variables, such as an author. */
  readonly env?: Readonly<Record<string, string>>
  /** Additional configuration, passed in the environment of this call only. */
  readonly config?: readonly (readonly [string, string])[]
}

/**
 * Runs git so that neither settings of the machine nor a repository decide what it executes: clean
 * environment, no global configuration, no hooks, no credential helpers, and only protocols that the
 * call allows.
 * @returns its end, for any exit code. Throws AppError `program-unstartable` when git is missing.
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

/** Runs a local git call that must succeed. Throws StepFailed with git's message otherwise. */
export async function mustGit(
  settings: GitSettings,
  call: GitCall,
  signal: AbortSignal,
): Promise<Buffer> {
  const end = await git(settings, call, signal)
  if (end.code === 0) return end.stdout
  throw localFailure(call, end)
}

/** Converts the end of a failed call without a remote into a step failure. */
export function localFailure(call: GitCall, end: ProgramEnd): StepFailed {
  const command = `git ${call.args[0] ?? ''}`
  if (end.exceeded === 'time') {
    return new StepFailed('workspace-failed', `${command} exceeded the worker’s time limit for git`)
  }
  if (end.exceeded === 'output') {
    return new StepFailed(
      'change-too-large',
      `${command} printed more than the worker’s output limit`,
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
    // Messages are matched in English.
    LC_ALL: 'C',
    // With a home folder, libcurl in git would read logins from ~/.netrc.
    HOME: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
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
    // In the environment rather than as -c, because argv would expose credentials.
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
  // Harmless defects in the old history of well-known public repositories.
  ['fetch.fsck.badTimezone', 'warn'],
  ['fetch.fsck.zeroPaddedFilemode', 'warn'],
  ['fetch.fsck.missingSpaceBeforeDate', 'warn'],
  // Git writes a pack atomically; loose objects of a killed fetch could look like complete history.
  ['fetch.unpackLimit', '1'],
  ['transfer.bundleURI', 'false'],
  // Give up on a hung server: less than one byte a second for a minute. Git's keepalives exceed that.
  ['http.lowSpeedLimit', '1'],
  ['http.lowSpeedTime', '60'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  // Parallel checkout is faster only for large trees.
  ['checkout.workers', '0'],
  ['checkout.thresholdForParallelism', '20000'],
]
