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

  it.each([
    `fatal: unable to access '${URL}/': Could not resolve proxy: proxy.example.org`,
    `fatal: unable to access '${URL}/': Received HTTP code 407 from proxy after CONNECT`,
    `fatal: unable to access '${URL}/': CONNECT tunnel failed, response 407`,
    `fatal: unable to access '${URL}/': The requested URL returned error: 407`,
    `fatal: unable to access '${URL}/': CONNECT tunnel failed, response 403`,
    `fatal: unable to access '${URL}/': SSL certificate problem: unable to get local issuer certificate`,
    `fatal: unable to access '${URL}/': gnutls_handshake() failed: Handshake failed`,
    `fatal: unable to access '${URL}/': TLS connect error: error:0A00010B:SSL routines::wrong version number`,
  ])('%j does not say that the host is unavailable, even on its first use', (words) => {
    for (const isKnown of [true, false]) {
      const failure = remoteFailure({ ...CALL, isKnown }, END, words)
      expect(failure).toMatchObject({ reason: 'repository-unreachable', unavailable: null })
    }
  })

  it.each([
    ['https://example.org/mbedtls.git', 'The requested URL returned error: 503'],
    ['https://example.org/certificate/TLS.git', 'Failed to connect to example.org port 443'],
    ['https://TLS.example.org/a.git', 'Could not resolve host: TLS.example.org'],
    [URL, 'GnuTLS recv error (-110): The TLS connection was non-properly terminated.'],
  ])('at %s with %j says that the host is unavailable', (url, words) => {
    const output = `fatal: unable to access '${url}/': ${words}`
    const { unavailable } = remoteFailure({ ...CALL, url }, END, output)
    expect(unavailable?.key).toBe(`host:${new globalThis.URL(url).origin}`)
  })

  it('says of a path on this machine that it is not a git repository', () => {
    const output = "fatal: '/srv/a' does not appear to be a git repository"
    const { detail } = remoteFailure({ ...CALL, url: '/srv/a' }, END, output)
    expect(detail).toContain('/srv/a: the path is not a git repository;')
    expect(remoteFailure(CALL, END, output).detail).toContain('the repository does not exist;')
  })

  it('shows only the end of long output', () => {
    const words = Array.from({ length: 1000 }, (_, line) => `line ${line}`).join('\n')
    const { detail } = remoteFailure(CALL, END, words)
    expect(detail.length).toBeLessThan(2500)
    expect(detail).toContain('line 999')
    expect(detail).not.toContain('line 900 ')
  })
})
