/**
 * A program that owns a ledger until it is killed: `hold-ledger.ts <folder> [submit]`. Prints `open`
 * or the error code of the refusal, then the id of each job whose submission was acknowledged.
 */
import { randomBytes } from 'node:crypto'
import { isAppError } from '../../src/domain/errors.ts'
import { openSqliteLedger } from '../../src/ledger/sqlite/open.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { aJob } from '../conformance/ledger/bed.ts'

const [folder = '', what] = process.argv.slice(2)
const tell = (word: string) => process.stdout.write(`${word}\n`)

try {
  const ledger = await openSqliteLedger({ folder, clock: systemClock, random: randomBytes })
  tell('open')
  setInterval(() => {}, 60_000)
  if (what === 'submit') {
    for (;;) {
      const answers = await Promise.all(Array.from({ length: 4 }, () => ledger.submit(aJob())))
      for (const { job } of answers) tell(job.id)
    }
  }
} catch (error) {
  tell(isAppError(error) ? error.code : String(error))
  process.exitCode = 1
}
