import { expect, it } from 'vitest'
import { describeNeeding } from '../support/needs.ts'
import { runRollingUpgrade } from '../support/rolling-upgrade.ts'
import { tempFolder } from '../support/temp-folder.ts'

const JOBS = 60

describeNeeding(['postgresql', 'patience'], 'two hubs and two workers', () => {
  it(
    'are restarted one after the other, and every job succeeds, and is pushed once',
    { timeout: 180_000 },
    async () => {
      // A busy machine may outlast a lease of three seconds here and there.
      const { takenOver: _, ...report } = await runRollingUpgrade(await tempFolder(), JOBS)
      expect(report).toEqual({
        succeeded: JOBS,
        branches: JOBS,
        pushedTwice: 0,
        overlaps: 0,
        differences: 0,
      })
    },
  )
})
