import type { Probe } from '../domain/probe.ts'
import { StepFailed } from '../domain/stop.ts'
import { MARKER } from '../platform/process-tree.ts'
import { type Input, type ProgramEnd, runProgram } from '../platform/run-program.ts'
import type { Transport } from './address.ts'
import type { Credential } from './credential.ts'

/** What git may answer in memory: lists of names, never file contents. */
const STDOUT_BYTES_MAX = 64 * 1024 * 1024

/** How this worker uses git. */
export type GitSettings = {
  /** Absolute path of the folder of bare caches, one for each repository. */
  readonly cacheFolder: string
  /** Kinds of address a job may name; `http` means https too. */
  readonly allow: Readonly<Record<Transport, boolean>>
  /** Throws StepFailed `credential-missing` when there should be one and it cannot be had. */
  readonly credentialFor: (url: string) => Promise<Credential | null>
  readonly path: string
  /** A file of known ssh hosts that stands for all others, or null for those of user and machine. */
  readonly knownHosts: string | null
  /** Longest git call, in milliseconds. */
  readonly timeoutMs: number
  /** Mark on git and all that it starts, by which they are ended when their worker dies. */
  readonly marker: string | null
  readonly probe: Probe
}

/** One git call. */
export type GitCall = {
  readonly args: readonly string[]
  /** Always given, so that git never looks for a repository by itself. */
  readonly gitDir: string
  readonly workTree?: string
  readonly indexFile?: string
  readonly stdin?: Input
  readonly stdoutFile?: string
  readonly stdoutBytesMax?: number
  /** Further variables, such as an author. */
  readonly env?: Readonly<Record<string, string>>
  /** Further configuration; visible to the call's environment only. */
  readonly config?: readonly (readonly [string, string])[]
}

/**
 * Runs git so that nothing of the machine or of a repository decides what it does: clean
 * environment, no configuration files, no hooks, no helpers, no protocol unless named.
 * @returns its end, whatever the exit code. Throws AppError `program-unstartable` without git.
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

/** Runs a local git call that must work. Throws StepFailed with git's words when it does not. */
export async function mustGit(
  settings: GitSettings,
  call: GitCall,
  signal: AbortSignal,
): Promise<Buffer> {
  const end = await git(settings, call, signal)
  if (end.code === 0) return end.stdout
  throw localFailure(call, end)
}

/** The failure of a call that spoke to no remote. */
export function localFailure(call: GitCall, end: ProgramEnd): StepFailed {
  const command = `git ${call.args[0] ?? ''}`
  if (end.exceeded === 'time') {
    return new StepFailed('workspace-failed', `${command} took longer than the worker allows`)
  }
  if (end.exceeded === 'output') {
    return new StepFailed('change-too-large', `${command} answered more than the worker takes`)
  }
  const full = end.stderr.includes('No space left on device')
  return new StepFailed(
    full ? 'disk-full' : 'workspace-failed',
    `${command} ended with ${end.code ?? end.killSignal}: ${end.stderr.trim().slice(-2000)}`,
  )
}

function environment(settings: GitSettings, call: GitCall): Record<string, string> {
  const config = [...HARDENED, ...(call.config ?? [])]
  return {
    PATH: settings.path,
    // Messages are matched, so they must be the untranslated ones.
    LC_ALL: 'C',
    // curl reads ~/.netrc: no home, no forgotten login.
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
    // In the environment rather than as -c: credentials must not stand in argv.
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
  // Old defects of well-known public histories; git reads them without harm.
  ['fetch.fsck.badTimezone', 'warn'],
  ['fetch.fsck.zeroPaddedFilemode', 'warn'],
  ['fetch.fsck.missingSpaceBeforeDate', 'warn'],
  // A pack appears whole or not at all; loose objects of a killed fetch would look complete.
  ['fetch.unpackLimit', '1'],
  ['transfer.bundleURI', 'false'],
  // A hung server is given up: less than one byte a second for a minute. Git itself sends more.
  ['http.lowSpeedLimit', '1'],
  ['http.lowSpeedTime', '60'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  // Parallel checkout pays only in large trees.
  ['checkout.workers', '0'],
  ['checkout.thresholdForParallelism', '20000'],
]
