import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { JobEvent } from '../../src/domain/event.ts'
import { sh } from './worker.ts'

/** What is told of the agent's turns and of the checks, in order. */
export const turnsIn = (events: readonly JobEvent[]): readonly string[] =>
  events.flatMap((event) => {
    if (event.type === 'agent-started') return ['agent']
    if (event.type !== 'check-finished') return []
    return [`check ${event.iteration} ${event.passed ? 'passed' : 'failed'}`]
  })

/** Adds a line to a file outside, and to the work, each time it runs. */
export const adds = (folder: string) => `echo ran >> ${folder}/runs; echo more >> README.md`
export const runs = async (folder: string): Promise<number> =>
  (await readFile(join(folder, 'runs'), 'utf8')).trim().split('\n').length

/** Passes when the work has so many lines. */
export const wants = (lines: number) => ({
  name: 'long enough',
  run: sh(`n=$(wc -l < README.md); echo "expected: ${lines}, got: $n"; [ $n = ${lines} ]`),
})
/** Never passes. */
export const never = { name: 'never', run: sh('echo Error: no; exit 1') }
