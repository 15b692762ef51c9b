import { expect, it } from 'vitest'
import type { AgentDriver } from '../../src/domain/agent.ts'
import { startTestHub } from '../support/hub.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { startTestWorker, submitCommand, untilEnded } from '../support/worker.ts'

const SESSIONS = 5000
const TOO_LONG = 'x'.repeat(100_000)

/** Replaces the agent `command`: sends every kind of update that becomes an event, as fast as it can. */
const flooding: AgentDriver = {
  name: 'command',
  sessionFiles: [],
  run: async (_task, _place, { onUpdate }) => {
    onUpdate({ type: 'session', session: TOO_LONG })
    for (let times = 0; times < SESSIONS; times += 1) onUpdate({ type: 'session', session: 'a' })
    for (let times = 0; times < SESSIONS; times += 1) {
      onUpdate({ type: 'session', session: `session ${times}` })
    }
    return { kind: 'done', summary: '', session: TOO_LONG, exitCode: 0 }
  },
}

it('T23: a flood of sessions becomes a few events, and the job ends as it should', async () => {
  await using hub = await startTestHub()
  const folder = await tempFolder()
  await using _ = await startTestWorker(hub, { drivers: { command: () => flooding } })
  const { id } = await submitCommand(hub, folder, { run: ['true'] })
  expect(await untilEnded(hub, id)).toMatchObject({ state: 'succeeded', reason: 'no-change' })
  const events = await hub.ledger.events(id, 0, 10_000)
  const sessions = events.filter(({ type }) => type === 'agent-session')
  expect(sessions.length).toBeGreaterThan(1)
  expect(sessions.length).toBeLessThan(10)
  expect(sessions[0]).toMatchObject({ session: 'a' })
})
