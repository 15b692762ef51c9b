// A program to be killed: appends lines forever and prints the size of the log after each.
import { openDiskLogs } from '../../src/artifacts/disk-logs.ts'
import { JobId } from '../../src/domain/id.ts'
import { wholeLog } from './whole-log.ts'

const logs = await openDiskLogs(process.argv[2] ?? '')
const jobId = JobId.parse(process.argv[3])
const address = { jobId, attempt: 1, stream: 'output' } as const
for (let at = await logs.size(address); ;) {
  const end = at + 1 + ((at * 31) % 20_000)
  await logs.append(address, at, wholeLog(at, end))
  at = end
  process.stdout.write(`${at}\n`)
}
