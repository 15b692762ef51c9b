import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type {
  AgentDriver,
  AgentEnd,
  AgentPlace,
  AgentTask,
  AgentUpdate,
} from '../../src/domain/agent.ts'
import type { Launch } from '../../src/domain/launch.ts'
import { silentLog } from '../../src/platform/log.ts'
import { unconfined } from '../../src/sandbox/none.ts'
import { testFolder } from './confined.ts'

export type AgentRun = { readonly end: AgentEnd; readonly updates: readonly AgentUpdate[] }

/** A task and the folders in which the agent works on it. */
export type PlacedTask = AgentTask & AgentPlace

/** A task in a fresh tree and home. */
export async function aTask(change: Partial<PlacedTask> = {}): Promise<PlacedTask> {
  const folder = await testFolder()
  const [tree, home] = [join(folder, 'tree'), join(folder, 'home')]
  await Promise.all([mkdir(tree), mkdir(home)])
  return {
    prompt: 'Fix it.',
    tree,
    home,
    door: null,
    session: null,
    inputs: null,
    readable: [],
    ...change,
  }
}

/** Runs an agent to its end and collects its updates. */
export async function runAgent(
  driver: AgentDriver,
  task: PlacedTask,
  {
    launch = unconfined({ marker: randomUUID(), log: silentLog }),
    signal = new AbortController().signal,
    onUpdate = () => {},
  }: {
    readonly launch?: Launch
    readonly signal?: AbortSignal
    readonly onUpdate?: (update: AgentUpdate) => void
  } = {},
): Promise<AgentRun> {
  const updates: AgentUpdate[] = []
  const listen = (update: AgentUpdate) => {
    updates.push(update)
    onUpdate(update)
  }
  return { end: await driver.run(task, task, { launch, onUpdate: listen }, signal), updates }
}

/** The whole output on one stream. */
export const said = (updates: readonly AgentUpdate[], stream: 'stdout' | 'stderr'): string =>
  updates
    .map((update) => (update.type === 'output' && update.stream === stream ? update.text : ''))
    .join('')
