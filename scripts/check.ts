// npm run check: checks format, lint rules, types and tidy rules in parallel. Prints failures and
// the time taken.
import { run } from './run.ts'

const started = performance.now()
const checks: Record<string, readonly string[]> = {
  format: ['oxfmt', '--check'],
  lint: ['oxlint'],
  types: ['tsc', '--noEmit', '-p', 'tsconfig.json'],
  tidy: ['vitest', 'run', 'test/tidy', '--reporter=dot'],
}

const results = await Promise.all(
  Object.entries(checks).map(async ([name, argv]) => ({ name, ...(await run(argv)) })),
)
for (const { name, code, output } of results) {
  console.log(code === 0 ? `ok    ${name}` : `FAIL  ${name}\n${output}`)
}
console.log(`check took ${((performance.now() - started) / 1000).toFixed(1)} s`)
process.exitCode = results.every(({ code }) => code === 0) ? 0 : 1
