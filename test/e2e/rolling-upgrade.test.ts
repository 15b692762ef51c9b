import { expect, it } from 'vitest'
import { describeNeeding } from '../support/needs.ts'
import { runRollingUpgrade } from '../support/rolling-upgrade.ts'
import { tempFolder } from '../support/temp-folder.ts'

const JOBS = 60

describeNeeding(['postgresql', 'patience'], 'two hubs and two workers', () => {
  it(
    'are restarted one after the other, and every job succeeds at once',
    { timeout: 180_000 },
    async () => {
      expect(await runRollingUpgrade(await tempFolder(), JOBS)).toEqual({
        succeeded: JOBS,
        branches: JOBS,
        takenOver: 0,
        pushedTwice: 0,
        overlaps: 0,
        differences: 0,
      })
    },
  )
})
