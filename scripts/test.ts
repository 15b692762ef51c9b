// npm test: what runs anywhere within two minutes. It leaves out tests that need a missing program,
// a download or minutes of waiting (`PARTS` in test/support/needs.ts), and ends with their numbers.
import { run } from './run.ts'

const { code } = await run(['vitest', 'run', ...process.argv.slice(2)], { live: true })
process.exitCode = code
