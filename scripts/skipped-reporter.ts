import type { Reporter, TestModule } from 'vitest/node'

/**
 * Prints at the end of a run how many tests were skipped and why, how to run them, and the totals.
 */
export class SkippedReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0 }
    const reasons = new Map<string, number>()
    for (const { children } of modules) {
      for (const test of children.allTests()) {
        const { state } = test.result()
        // Tests in a skipped group that is inside another skipped group stay pending.
        if (state !== 'skipped' && state !== 'pending') {
          counts[state] += 1
          continue
        }
        counts.skipped += 1
        // `describeNeeding` puts the reason, in brackets, into the test's name.
        const reason = /\[([^[\]]+)\]/.exec(test.fullName)?.[1] ?? `did not run: ${test.fullName}`
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
      }
    }
    if (counts.skipped > 0) {
      console.log(`${counts.skipped} tests were skipped:`)
      for (const [reason, tests] of [...reasons].toSorted(([, one], [, two]) => two - one)) {
        console.log(`${String(tests).padStart(6)} ${reason}`)
      }
      console.log('Run all of them with: npm run test:all')
    }
    console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
  }
}
