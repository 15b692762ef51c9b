import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AgentDriver } from '../../src/domain/agent.ts'
import { codeKind } from '../../src/kinds/code/kind.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { UNSIGNED } from '../../src/publish/commit.ts'
import { gitSettings } from './repository.ts'

/** An agent with a session of one file, which tells what it finds and hangs when it is asked to. */
export const remembers = (turns: string[], hang: () => boolean): AgentDriver => ({
  name: 'command',
  sessionFiles: ['.memory'],
  run: async ({ session, prompt }, { home, tree }, { onUpdate }, signal) => {
    const file = join(home, '.memory', 'turns')
    const known = session === null ? '' : await readFile(file, 'utf8')
    const findings = prompt.match(/The check "\w+" failed/)?.[0] ?? 'no findings'
    turns.push(`${session} ${known}: ${prompt.split('. ', 1)[0]?.split('\n', 1)[0]}, ${findings}`)
    await mkdir(join(home, '.memory'), { recursive: true })
    await writeFile(file, `${known}x`)
    onUpdate({ type: 'session', session: 's1' })
    await writeFile(join(tree, 'work'), `${known}x`)
    if (hang()) {
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
        if (signal.aborted) reject(signal.reason)
      })
    }
    return { kind: 'done', summary: 'done', session: 's1', exitCode: 0 }
  },
})

/** Kinds whose agent is this one. */
export const kindsWith = (folder: string, driver: AgentDriver) =>
  new Map([
    [
      'code',
      codeKind({
        drivers: new Map([['command', () => driver]]),
        git: gitSettings(folder),
        signature: UNSIGNED,
        path: process.env['PATH'] ?? '',
        clock: systemClock,
        cacheBytes: Infinity,
      }),
    ],
  ])
