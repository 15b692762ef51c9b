import { writeSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../../platform/clock.ts'
import { silentLog } from '../../platform/log.ts'
import { killLeftovers } from '../../platform/process-tree.ts'
import { HubClient } from '../../protocol/client.ts'
import { attemptName } from '../attempt-folder.ts'
import { keepLease } from './keep-lease.ts'
import { Lifeline } from './lifeline.ts'
import { type News, LeaseCommand, Start } from './messages.ts'
import { Pulse } from './pulse.ts'

// The thread that keeps the leases of all attempts of a worker. Nothing but that happens here, so
// nothing that the worker reads or computes can make a renewal late. When a lease is lost, this
// thread itself ends the attempt's processes: the worker may be too busy to hear of it.

const { url, pulse, stillMs } = Start.parse(workerData)
const releases = new Map<string, AbortController>()

parentPort?.on('message', (message: unknown) => {
  const command = LeaseCommand.parse(message)
  if (command.type === 'keep') void keep(command)
  else releases.get(attemptName(command))?.abort()
})
// Leases of a worker that hangs for ever must not be kept for ever. Dead, it is restarted.
new Pulse(pulse).watch(stillMs, () => {
  // The main thread, which would print it otherwise, does not.
  writeSync(2, `millwright: the worker hangs for ${stillMs} ms and is ended\n`)
  process.kill(process.pid, 'SIGABRT')
})
// Node loads its `fetch` at the first use, which must not delay the first renewal of a short lease.
void new Request(url)
say({ type: 'ready' })

/** A bug in here ends the thread, and with it the worker. */
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
    onCancelRequested: () => say({ type: 'cancel-requested', ...fence }),
  }
  const end = await keepLease(keeping, release.signal)
  releases.delete(name)
  if (end === 'released') return
  say({ type: 'lease-lost', ...fence })
  // The worker does the same when it hears of it, and logs what outlives that.
  await killLeftovers(name, silentLog)
}

function say(news: News): void {
  parentPort?.postMessage(news)
}
