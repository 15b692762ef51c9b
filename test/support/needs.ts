import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { describe, it } from 'vitest'
import { postgresProgram } from './postgres-server.ts'
import { SSHD } from './ssh-server.ts'

/** Parts that not every machine has, how to see that one is there, and how to get it. */
const PARTS = {
  bubblewrap: { present: () => works('bwrap', ['--version']), get: 'apt-get install bubblewrap' },
  codex: {
    present: () => works(codexProgram(), ['--version']),
    get: 'npm install -g @openai/codex@0.169.0',
  },
  ssh: { present: () => works('ssh', ['-V']), get: 'apt-get install openssh-client' },
  gpg: { present: () => works('gpg', ['--version']), get: 'apt-get install gnupg' },
  'git-lfs': { present: () => works('git-lfs', ['version']), get: 'apt-get install git-lfs' },
  sshd: {
    present: () => existsSync(SSHD) && works('ssh-agent', ['true']),
    get: 'apt-get install openssh-server',
  },
  postgresql: {
    present: () => works(postgresProgram('postgres'), ['--version']),
    get: 'apt-get install postgresql-15',
  },
  root: { present: () => process.getuid?.() === 0, get: 'run the tests as root' },
  linux: { present: () => process.platform === 'linux', get: 'run the tests on Linux' },
  downloads: {
    present: () => process.env['MILLWRIGHT_TEST_ALL'] === '1',
    get: 'run npm run test:all, which may download',
  },
  patience: {
    present: () => process.env['MILLWRIGHT_TEST_ALL'] === '1',
    get: 'run npm run test:all, which takes minutes',
  },
  'an older Node': { present: () => oldNode() !== null, get: 'have a Node before 24 on the PATH' },
} as const
type Part = keyof typeof PARTS

/**
 * A group of tests that needs parts of the machine. Where one is missing the group is skipped with
 * the reason in its name; under `npm run test:all` it fails instead.
 */
export function describeNeeding(parts: readonly Part[], title: string, tests: () => void): void {
  const missing = parts.filter((part) => !PARTS[part].present())
  if (missing.length === 0) {
    describe(title, tests)
    return
  }
  const reason = missing.map((part) => `${part} is missing: ${PARTS[part].get}`).join('; ')
  if (process.env['MILLWRIGHT_TEST_ALL'] === '1') {
    it(title, () => {
      throw new Error(reason)
    })
    return
  }
  describe.skip(`${title} [${reason}]`, tests)
}

/** The real Codex: where `npm run test:all` put it, or on the PATH. */
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
