// npm run test:all: installs the software that the tests need, and runs all tests. If software is
// missing, a test fails instead of being skipped.
import { installAgents } from './install-agents.ts'
import { installDebianPackages } from './install-debian-packages.ts'
import { run } from './run.ts'

const started = performance.now()
await installDebianPackages([
  'bubblewrap',
  'git-lfs',
  'gnupg',
  'nginx-light',
  'openssh-client',
  'openssh-server',
  'openssl',
  'postgresql-15',
  'systemd',
])
const agents = await installAgents()

const steps: readonly (readonly string[])[] = [
  ['node', 'scripts/check.ts'],
  // Timeouts are long because tests may be slow on a busy machine.
  ['vitest', 'run', '--testTimeout=120000', '--hookTimeout=120000'],
  ['node', 'test/faults/main.ts'],
]
let failed = false
for (const argv of steps) {
  const { code } = await run(argv, {
    live: true,
    env: { ...agents, MILLWRIGHT_TEST_ALL: '1', MODEL_RUNS: '200' },
  })
  failed ||= code !== 0
}
console.log(`test:all took ${((performance.now() - started) / 1000).toFixed(0)} s`)
process.exitCode = failed ? 1 : 0
