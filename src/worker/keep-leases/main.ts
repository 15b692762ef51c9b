import { writeSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../../platform/clock.ts'
import { silentLog } from '../../platform/log.ts'
import { killLeftovers } from '../../platform/process-tree.ts'
import { useProxy } from '../../platform/use-proxy.ts'
import { HubClient } from '../../protocol/client.ts'
import { attemptName } from '../attempt-folder.ts'
import { keepLease } from './keep-lease.ts'
import { Lifeline } from './lifeline.ts'
import { type LeaseNotice, LeaseCommand, Start } from './messages.ts'
import { Heartbeat } from './heartbeat.ts'

// A worker's lease thread. It renews the leases of all attempts, so that no I/O or computation in
// the main thread delays a renewal. When a lease is lost, this thread kills the attempt's processes
// itself, because the main thread may be too busy to react.

const { url, proxy, heartbeat, stillMs } = Start.parse(workerData)
useProxy(proxy)
const releases = new Map<string, AbortController>()

parentPort?.on('message', (message: unknown) => {
  const command = LeaseCommand.parse(message)
  if (command.type === 'keep') void keep(command)
  else releases.get(attemptName(command))?.abort()
})
// A hung worker must not keep its leases forever, so this thread kills the worker's process.
new Heartbeat(heartbeat).watch(stillMs, () => {
  // Written directly to the file descriptor, because in a thread, `console` and `process.stderr`
  // work only with the help of the main thread, which is hanging.
  try {
    writeSync(
      2,
      `millwright: the worker has not responded for ${stillMs} ms and is being stopped\n`,
    )
  } finally {
    // Kill the process even if the message could not be written, for example to a full disk.
    process.kill(process.pid, 'SIGABRT')
  }
})
// Loads Node's code for `fetch` now, so that the loading does not delay the first renewal.
void new Request(url)
send({ type: 'ready' })

/**
 * Renews one lease until it is released or lost. An unexpected error ends the thread and the
 * worker.
 */
async function keep(command: Extract<LeaseCommand, { type: 'keep' }>): Promise<void> {
  const { jobId, attempt, token, leaseMs } = command
  const fence = { jobId, attempt }
  const name = attemptName(fence)
  const release = new AbortController()
  releases.set(name, release)
  const keeping = {
    hub: new HubClient({ url, token }),
    fence,
    leaseMs,
    lifeline: new Lifeline(systemClock, leaseMs, command.shared),
    clock: systemClock,
    onCancelRequested: () => send({ type: 'cancel-requested', ...fence }),
  }
  const end = await keepLease(keeping, release.signal)
  releases.delete(name)
  if (end === 'released') return
  send({ type: 'lease-lost', ...fence })
  // This thread logs nothing. The main thread also kills the processes when it receives the
  // message, and it logs the processes that survive.
  await killLeftovers(name, silentLog)
}

function send(notice: LeaseNotice): void {
  parentPort?.postMessage(notice)
}
