// npm test: everything that runs without root and without further downloads. Names what it skipped, and why.
import { run } from './run.ts'

const { code } = await run(['vitest', 'run', ...process.argv.slice(2)], { live: true })
process.exitCode = code
