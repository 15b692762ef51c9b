import { createInterface } from 'node:readline'
import { silentLog } from '../../platform/log.ts'
import { killLeftovers } from '../../platform/process-tree.ts'

// A worker's guard process. When the worker dies for any reason, the guard's standard input reaches
// the end of file, and the guard kills all processes of the attempts that were running. The worker
// sends `+marker` when work with this process marker starts, and `-marker` when the work ends. The
// guard ignores signals that a service manager sends to all processes of the service, because the
// worker may still be draining.

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
