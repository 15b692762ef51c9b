import { expect, it } from 'vitest'
import { describeNeeding } from '../support/needs.ts'
import { runSeveralHubs } from '../support/several-hubs.ts'
import { tempFolder } from '../support/temp-folder.ts'

const JOBS = 60

describeNeeding(['postgresql', 'patience'], 'two hubs, four workers and one database', () => {
  it(
    'end every job once, and never two with one key, while one of each is killed',
    { timeout: 180_000 },
    async () => {
      const {
        takenOver: _,
        seconds: __,
        ...report
      } = await runSeveralHubs(await tempFolder(), JOBS)
      expect(report).toEqual({
        jobs: JOBS,
        succeeded: JOBS,
        branches: JOBS,
        pushedTwice: 0,
        overlaps: 0,
        differences: 0,
      })
    },
  )
})
