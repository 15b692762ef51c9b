import { writeSync } from 'node:fs'
import type { Probe } from '../../src/domain/probe.ts'
import { isLabel, type ProbeLabel } from '../faults/places.ts'

/** What happens at a moment: the process dies, stops until it gets SIGCONT, or is cut off from all others. */
export type Fault = 'kill' | 'pause' | 'cut'
export type Plan = { readonly label: ProbeLabel; readonly nth: number; readonly fault: Fault }

/**
 * A real probe. Says on stdout each moment it passes for the first time (`hit <label>`), and
 * `fault <label>` before it does what is planned; a cut is over when `goOn` resolves.
 */
export function faultProbe(plan: Plan | null, goOn: () => Promise<void>): Probe {
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
    if (plan.fault === 'cut') await goOn()
    else process.kill(process.pid, plan.fault === 'kill' ? 'SIGKILL' : 'SIGSTOP')
  }
}

/** Synchronous, so that it is said even by a process that is about to die. */
export const say = (line: string): number => writeSync(1, `${line}\n`)
