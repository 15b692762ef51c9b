import { createInterface } from 'node:readline'
import { silentLog } from '../../platform/log.ts'
import { killLeftovers } from '../../platform/process-tree.ts'

// The guard of a worker: a process that waits for the end of its input, which is the end of the
// worker, however that comes about. Then it ends every process of the attempts that were running.
// A line begins with + when work starts and with - when it is over; the mark on its processes
// follows. A signal to all processes of the service must not end it while the worker still drains.

process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})
process.on('SIGHUP', () => {})

const marks = new Set<string>()
for await (const line of createInterface(process.stdin)) {
  const mark = line.slice(1)
  if (line.startsWith('+')) marks.add(mark)
  else marks.delete(mark)
}
await Promise.all(Array.from(marks, (mark) => killLeftovers(mark, silentLog)))
