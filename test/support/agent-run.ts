import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { AgentDriver, AgentEnd, AgentTask, AgentUpdate } from '../../src/domain/agent.ts'
import type { Launch } from '../../src/domain/launch.ts'
import { silentLog } from '../../src/platform/log.ts'
import { unconfined } from '../../src/sandbox/none.ts'
import { testFolder } from './confined.ts'

export type AgentRun = { readonly end: AgentEnd; readonly updates: readonly AgentUpdate[] }

/** A task in a fresh tree and home. */
export async function aTask(change: Partial<AgentTask> = {}): Promise<AgentTask> {
  const folder = await testFolder()
  const [tree, home] = [join(folder, 'tree'), join(folder, 'home')]
  await Promise.all([mkdir(tree), mkdir(home)])
  return {
    prompt: 'Fix it.',
    tree,
    home,
    model: null,
    door: null,
    session: null,
    steps: 10,
    run: null,
    test: null,
    inputs: null,
    readable: [],
    ...change,
  }
}

/** Runs an agent to its end and collects what it says. */
export async function runAgent(
  driver: AgentDriver,
  task: AgentTask,
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
  return { end: await driver.run(task, { launch, onUpdate: listen }, signal), updates }
}

/** All that was said on one stream. */
export const said = (updates: readonly AgentUpdate[], stream: 'stdout' | 'stderr'): string =>
  updates
    .map((update) => (update.type === 'output' && update.stream === stream ? update.text : ''))
    .join('')
