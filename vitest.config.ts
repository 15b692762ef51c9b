import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { SkippedReporter } from './scripts/skipped-reporter.ts'

// The tests start hundreds of programs and threads: without the cache each one compiles the same
// files again, which takes half of its start.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules/.cache/compiled')

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // A wait that succeeds costs nothing; a busy machine must not decide, least of all where every
    // test runs.
    expect: { poll: { timeout: process.env['MILLWRIGHT_TEST_ALL'] === '1' ? 60_000 : 10_000 } },
    pool: 'forks',
    // No test changes what a module holds, so files may share a process.
    isolate: false,
    // Most of the time goes to programs that the tests start and wait for.
    maxWorkers: '150%',
    reporters: ['default', new SkippedReporter()],
  },
})
