import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { describe, it } from 'vitest'
import { postgresProgram } from './postgres-server.ts'
import { SSHD } from './ssh-server.ts'

const runsAll = process.env['MILLWRIGHT_TEST_ALL'] === '1'

/**
 * What tests may need that not every machine or run has: how to detect it, and why tests without it
 * were skipped, as the end of "12 tests …".
 */
const PARTS = {
  bubblewrap: {
    present: () => works('bwrap', ['--version']),
    lacking: 'need bubblewrap (apt-get install bubblewrap)',
  },
  codex: {
    present: () => works(codexProgram(), ['--version']),
    lacking: 'need Codex (npm install -g @openai/codex@0.169.0)',
  },
  ssh: {
    present: () => works('ssh', ['-V']),
    lacking: 'need ssh (apt-get install openssh-client)',
  },
  gpg: {
    present: () => works('gpg', ['--version']),
    lacking: 'need GnuPG (apt-get install gnupg)',
  },
  'git-lfs': {
    present: () => works('git-lfs', ['version']),
    lacking: 'need Git LFS (apt-get install git-lfs)',
  },
  sshd: {
    present: () => existsSync(SSHD) && works('ssh-agent', ['true']),
    lacking: 'need an ssh server (apt-get install openssh-server)',
  },
  postgresql: {
    present: () => works(postgresProgram('postgres'), ['--version']),
    lacking: 'need PostgreSQL (apt-get install postgresql-15)',
  },
  nginx: {
    present: () => works('nginx', ['-v']) && works('openssl', ['version']),
    lacking: 'need nginx (apt-get install nginx-light)',
  },
  systemd: {
    present: () => works('systemd-analyze', ['--version']),
    lacking: 'need systemd (apt-get install systemd)',
  },
  root: { present: () => process.getuid?.() === 0, lacking: 'must run as root' },
  linux: { present: () => process.platform === 'linux', lacking: 'must run on Linux' },
  downloads: { present: () => runsAll, lacking: 'download packages' },
  patience: {
    present: () => runsAll,
    lacking: 'take minutes: they wait for leases, backoff and kills, or start many programs',
  },
  'an older Node': {
    present: () => oldNode() !== null,
    lacking: 'need a Node before version 24 in /usr/bin or /usr/local/bin',
  },
} as const
type Part = keyof typeof PARTS

/**
 * A group of tests that needs parts of the machine. If one is missing, the group is skipped with the
 * reason in its name; under `npm run test:all` it fails instead.
 */
export function describeNeeding(parts: readonly Part[], title: string, tests: () => void): void {
  const missing = parts.filter((part) => !PARTS[part].present())
  if (missing.length === 0) {
    describe(title, tests)
    return
  }
  if (runsAll) {
    it(title, () => {
      throw new Error(`these tests ${reasonOf(missing)}`)
    })
    return
  }
  describe.skip(`${title} [${reasonOf(missing)}]`, tests)
}

/** `npm run test:all` also installs programs, so a missing program is not named for its tests. */
function reasonOf(missing: readonly Part[]): string {
  const run = missing.filter((part) => part === 'patience' || part === 'downloads')
  return (run.length > 0 ? run : missing).map((part) => PARTS[part].lacking).join(' and ')
}

/** The real Codex: installed by `npm run test:all`, or on the PATH. */
export const codexProgram = (): string => process.env['MILLWRIGHT_CODEX'] ?? 'codex'

/** A Node that is too old for Millwright, or null. */
export function oldNode(): string | null {
  for (const program of ['/usr/bin/node', '/usr/local/bin/node']) {
    const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' })
    const major = Number(/^v(\d+)/.exec(stdout ?? '')?.[1] ?? 99)
    if (major < 24) return program
  }
  return null
}

function works(program: string, args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0
}
