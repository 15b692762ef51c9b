import type { Reporter, TestModule } from 'vitest/node'

/** Closes a run with what was skipped and why, and one plain line of counts. */
export class SkippedReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 }
    const skipped = new Map<string, number>()
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        counts[state] += 1
        const reason = /\[(.+)\]/.exec(test.fullName)?.[1] ?? test.fullName
        if (state === 'skipped') skipped.set(reason, (skipped.get(reason) ?? 0) + 1)
      }
    }
    for (const [reason, tests] of skipped) console.log(`skipped ${tests}: ${reason}`)
    console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
  }
}
