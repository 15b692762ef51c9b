// npm test: runs the tests that need no extra software, within two minutes. Tests that need a missing
// program, a download or minutes of waiting (`PARTS` in test/support/needs.ts) are skipped and counted.
import { run } from './run.ts'

const { code } = await run(['vitest', 'run', ...process.argv.slice(2)], { live: true })
process.exitCode = code
