import type { Reporter, TestModule } from 'vitest/node'

/** Prints at the end of a run which tests were skipped and why, how to run them, and the counts. */
export class SkippedReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, leftOut: 0 }
    const leftOut = new Map<string, number>()
    for (const { children } of modules) {
      for (const test of children.allTests()) {
        const { state } = test.result()
        // A skipped group inside of a skipped group stays pending.
        if (state !== 'skipped' && state !== 'pending') {
          counts[state] += 1
          continue
        }
        counts.leftOut += 1
        // `describeNeeding` puts the reason into the name.
        const reason = /\[([^[\]]+)\]/.exec(test.fullName)?.[1] ?? `did not run: ${test.fullName}`
        leftOut.set(reason, (leftOut.get(reason) ?? 0) + 1)
      }
    }
    if (counts.leftOut > 0) {
      console.log(`${counts.leftOut} tests were left out:`)
      for (const [reason, tests] of [...leftOut].toSorted(([, one], [, two]) => two - one)) {
        console.log(`${String(tests).padStart(6)} ${reason}`)
      }
      console.log('Run all of them with: npm run test:all')
    }
    console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.leftOut} left out`)
  }
}
