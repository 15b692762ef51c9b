import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { LedgerEvent, WorkerEvent } from '../src/domain/event.ts'
import { ATTEMPTS_MAX } from '../src/domain/machine.ts'
import { JobState } from '../src/domain/state.ts'
import { type Cell, TRANSITIONS, TRIGGERS } from '../src/domain/transition.ts'

const SPEC = readFileSync(join(import.meta.dirname, '..', 'SPEC.md'), 'utf8')

describe('SPEC.md', () => {
  it('the transition table is that of the code', () => {
    const [head, ...rows] = tableBelow('Transitions')
    const states = ['absent', ...JobState.options] as const
    expect(head).toEqual(['trigger', ...states])
    expect(rows).toEqual(
      TRIGGERS.map((trigger) => [
        trigger,
        ...states.map((state) => drawn(TRANSITIONS[state][trigger])),
      ]),
    )
    expect(SPEC).toContain(`or after ${ATTEMPTS_MAX} attempts`)
  })

  it('every state and event is named, with who tells it', () => {
    const states = named(tableBelow('States')).map(([name]) => name)
    expect(new Set(states)).toEqual(new Set(JobState.options))

    const told = new Map(named(tableBelow('Events')).map(([name = '', by]) => [name, by] as const))
    const expected = [
      ...WorkerEvent.options.map(({ shape }) => [shape.type.value, 'worker'] as const),
      ...LedgerEvent.options.map(({ shape }) => [shape.type.value, 'ledger'] as const),
    ]
    expect(told).toEqual(new Map(expected))
  })
})

/** First cells, taken apart, with the cell beside them. */
const named = (rows: readonly (readonly string[])[]) =>
  rows.slice(1).flatMap(([names = '', by = '']) => names.split(', ').map((name) => [name, by]))

const drawn = (cell: Cell): string => ('to' in cell ? `→ ${cell.to.join(', ')}` : cell.refused)

/** The first table below this heading, without its rule, as cells without backticks. */
function tableBelow(heading: string): readonly (readonly string[])[] {
  const section = SPEC.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  return section
    .split('\n')
    .filter((line) => line.startsWith('|') && !line.startsWith('|---'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.replaceAll('`', '').trim()),
    )
}
