import type { Reporter, TestModule } from 'vitest/node'

/** Prints at the end of a run which tests were skipped and why, how to run them, and the counts. */
export class SkippedReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 }
    const leftOut = new Map<string, number>()
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        counts[state] += 1
        // `describeNeeding` puts the reason into the name.
        const reason =
          /\[([^[\]]+)\]/.exec(test.fullName)?.[1] ?? `are skipped by name: ${test.fullName}`
        if (state === 'skipped') leftOut.set(reason, (leftOut.get(reason) ?? 0) + 1)
      }
    }
    if (leftOut.size > 0) {
      console.log(`${counts.skipped} tests were left out:`)
      for (const [reason, tests] of [...leftOut].toSorted(([, one], [, two]) => two - one)) {
        console.log(`${String(tests).padStart(6)} ${reason}`)
      }
      console.log('Run all of them with: npm run test:all')
    }
    console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} left out`)
  }
}
