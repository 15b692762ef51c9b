// npm test: what runs anywhere within a minute. What it leaves out, and why, is the table `PARTS` of
// test/support/needs.ts: programs that are missing, downloads, and what takes patience.
import { run } from './run.ts'

const { code } = await run(['vitest', 'run', ...process.argv.slice(2)], { live: true })
process.exitCode = code
