import { expect, it } from 'vitest'
import type { AgentDriver } from '../../src/domain/agent.ts'
import { codeKind } from '../../src/kinds/code/kind.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { UNSIGNED } from '../../src/publish/commit.ts'
import { startTestHub } from '../support/hub.ts'
import { gitSettings } from '../support/repository.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { startTestWorker, submitCommand, untilEnded } from '../support/worker.ts'

const SESSIONS = 5000
const TOO_LONG = 'x'.repeat(100_000)

/** Says at once whatever becomes an event, as fast as it can. */
const flooding: AgentDriver = {
  name: 'flooding',
  sessionFiles: [],
  run: async (_, { onUpdate }) => {
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
  const kind = codeKind({
    drivers: new Map([['command', flooding]]),
    git: gitSettings(folder),
    signature: UNSIGNED,
    path: process.env['PATH'] ?? '',
    clock: systemClock,
    cacheBytes: Infinity,
  })
  await using _ = await startTestWorker(hub, { kinds: new Map([['code', kind]]) })
  const { id } = await submitCommand(hub, folder, { run: ['true'] })
  expect(await untilEnded(hub, id)).toMatchObject({ state: 'succeeded', reason: 'no-change' })
  const events = await hub.ledger.events(id, 0, 10_000)
  const sessions = events.filter(({ type }) => type === 'agent-session')
  expect(sessions.length).toBeGreaterThan(1)
  expect(sessions.length).toBeLessThan(10)
  expect(sessions[0]).toMatchObject({ session: 'a' })
})
