import { createInterface } from 'node:readline'
import { silentLog } from '../../platform/log.ts'
import { killLeftovers } from '../../platform/process-tree.ts'

// The guard of a worker. Its standard input reaches the end of file when the worker dies, for whatever
// reason; then it kills all processes of the attempts that were running. An input line is + when work
// starts or - when it ends, followed by the marker of its processes. The guard ignores signals that a
// service manager sends to all processes of the service, because the worker may still be draining.

process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})
process.on('SIGHUP', () => {})

const markers = new Set<string>()
for await (const line of createInterface(process.stdin)) {
  const marker = line.slice(1)
  if (line.startsWith('+')) markers.add(marker)
  else markers.delete(marker)
}
await Promise.all(Array.from(markers, (marker) => killLeftovers(marker, silentLog)))
