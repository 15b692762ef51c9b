import { describe, expect, it } from 'vitest'
import type { ProgramEnd } from '../platform/run-program.ts'
import { remoteFailure } from './failure.ts'

const URL = 'https://example.org/a.git'
const CALL = { url: URL, credential: null, knownHosts: null, isKnown: true }
const END: ProgramEnd = {
  code: 128,
  killSignal: null,
  exceeded: null,
  stdout: Buffer.alloc(0),
  stderr: '',
}

/** Messages of git 2.39 to 2.51, curl and OpenSSH. */
const WORDS = [
  [`remote: Repository not found.\nfatal: repository '${URL}/' not found`, 'repository-not-found'],
  ["fatal: '/srv/a' does not appear to be a git repository", 'repository-not-found'],
  ['ERROR: Repository not found.\nfatal: Could not read from remote', 'repository-not-found'],
  [
    "fatal: could not read Username for 'https://example.org': terminal prompts disabled",
    'repository-login',
  ],
  [`fatal: Authentication failed for '${URL}/'`, 'repository-login'],
  [
    'git@example.org: Permission denied (publickey).\nfatal: Could not read from remote repository.',
    'repository-login',
  ],
  [
    `fatal: unable to access '${URL}/': The requested URL returned error: 403`,
    'repository-forbidden',
  ],
  [
    'Host key verification failed.\nfatal: Could not read from remote repository.',
    'host-key-unknown',
  ],
  [
    `fatal: unable to access '${URL}/': Could not resolve host: example.org`,
    'repository-unreachable',
  ],
  [
    `fatal: unable to access '${URL}/': Failed to connect to example.org port 443`,
    'repository-unreachable',
  ],
  [
    `fatal: unable to access '${URL}/': The requested URL returned error: 503`,
    'repository-unreachable',
  ],
  [
    'ssh: connect to host example.org port 22: Connection refused\nfatal: Could not read from remote',
    'repository-unreachable',
  ],
  ['fetch-pack: unexpected disconnect while reading sideband packet', 'repository-unreachable'],
  ["fatal: couldn't find remote ref nothing", 'ref-not-found'],
  ['fatal: remote error: upload-pack: not our ref 0123', 'ref-not-found'],
  ['fatal: write error: No space left on device\nfatal: index-pack failed', 'disk-full'],
  ['error: object 12: hasDotgit\nfatal: fsck error in packed object', 'repository-unsafe'],
  ['fatal: something nobody has seen before', 'workspace-failed'],
] as const

describe('the failure of a remote call', () => {
  it.each(WORDS)('%j is %s', (words, reason) => {
    const failure = remoteFailure(CALL, END, words)
    expect(failure.reason).toBe(reason)
    expect(failure.detail).toContain(URL)
  })

  it('is an unreachable repository after a timeout', () => {
    const failure = remoteFailure(CALL, { ...END, exceeded: 'time' }, '')
    expect(failure).toMatchObject({ reason: 'repository-unreachable' })
  })

  it('shows only the end of long output', () => {
    const words = Array.from({ length: 1000 }, (_, line) => `line ${line}`).join('\n')
    const { detail } = remoteFailure(CALL, END, words)
    expect(detail.length).toBeLessThan(2500)
    expect(detail).toContain('line 999')
    expect(detail).not.toContain('line 900 ')
  })
})
