// A rolling upgrade of two hubs and two workers, hubs first, while jobs run and more are submitted.
// Also: what happens when a worker is upgraded first.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { HubClient } from '../../src/protocol/client.ts'
import { PROTOCOL } from '../../src/protocol/version.ts'
import { type Judgement, openFleet, PROGRAM, untilPrinted } from './fleet.ts'

/**
 * @param folder empty; keeps all files afterwards, for inspection
 * @param before the program that all of them run before the upgrade
 */
export async function runRollingUpgrade(
  folder: string,
  jobs: number,
  before = PROGRAM,
): Promise<Judgement> {
  await using fleet = await openFleet(folder)
  const hubs = [await fleet.startHub('one', before), await fleet.startHub('two', before)]
  const workers = [fleet.startWorker('1', before), fleet.startWorker('2', before)]
  const handingIn = fleet.submit(jobs)
  await fleet.untilEnded(Math.floor(jobs * 0.15))
  for (const [index, place] of (['one', 'two'] as const).entries()) {
    await hubs[index]?.stop()
    await fleet.startHub(place)
    await fleet.untilEnded(Math.floor(jobs * (0.3 + 0.15 * index)))
  }
  for (const [index, name] of ['1', '2'].entries()) {
    await workers[index]?.stop()
    fleet.startWorker(name)
    await fleet.untilEnded(Math.floor(jobs * (0.6 + 0.15 * index)))
  }
  await handingIn
  await fleet.untilEnded(jobs)
  return await fleet.judge()
}

/**
 * Starts a worker of this tree on a hub of an earlier version, and returns its last output; null when
 * that hub speaks this tree’s protocol, because the worker then keeps running.
 * @param folder empty; keeps all files afterwards, for inspection
 */
export async function startWorkerFirst(folder: string, before: string): Promise<string | null> {
  const start = (program: string, args: readonly string[]) =>
    spawn(process.execPath, [program, ...args], {
      cwd: folder,
      env: { PATH: process.env['PATH'], HOME: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  const data = join(folder, 'older')
  const hub = start(before, ['hub', '--port', '0', '--data', data])
  const hubEnded = once(hub, 'exit')
  try {
    const line = await untilPrinted(hub, /hub on http/)
    const [url = ''] = /http:\/\/[\w.:]+/.exec(line) ?? []
    const { protocol } = await new HubClient({ url, token: null }).call('live', {})
    if (protocol === PROTOCOL) return null
    const at = ['--hub', url, '--token-file', join(data, 'worker.token')]
    const own = ['--sandbox', 'none', '--data', join(folder, 'newer')]
    return await text(start(PROGRAM, ['worker', ...at, ...own]).stderr)
  } finally {
    hub.kill('SIGTERM')
    await hubEnded
  }
}
