import { writeSync } from 'node:fs'
import type { Probe } from '../../src/domain/probe.ts'
import { isLabel, type ProbeLabel } from '../faults/places.ts'

/** What happens at a probe: SIGKILL, SIGSTOP until SIGCONT, or a lost network. */
export type Fault = 'kill' | 'pause' | 'cut'
export type Plan = { readonly label: ProbeLabel; readonly nth: number; readonly fault: Fault }

/**
 * A real probe. Prints `hit <label>` when a label is passed for the first time, and `fault <label>`
 * before it injects the planned fault; a cut ends when `untilResumed` resolves.
 */
export function faultProbe(plan: Plan | null, untilResumed: () => Promise<void>): Probe {
  const seen = new Set<ProbeLabel>()
  let left = plan?.nth ?? 0
  return async (label) => {
    if (!isLabel(label)) return
    if (!seen.has(label)) say(`hit ${label}`)
    seen.add(label)
    if (plan === null || label !== plan.label) return
    left -= 1
    if (left !== 0) return
    say(`fault ${label}`)
    if (plan.fault === 'cut') await untilResumed()
    else process.kill(process.pid, plan.fault === 'kill' ? 'SIGKILL' : 'SIGSTOP')
  }
}

/** Synchronous, so that a process about to die still prints the line. */
export const say = (line: string): number => writeSync(1, `${line}\n`)
