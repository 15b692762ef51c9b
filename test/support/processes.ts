import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import {
  environmentHolds,
  listProcesses,
  type Process,
  readProcess,
} from '../../src/platform/process-table.ts'
import { MARKER } from '../../src/platform/process-tree.ts'

/** The pids of all processes of an attempt, in any session or group. */
export const runningFor = (job: { readonly id: string; readonly attempt: number }): number[] =>
  listProcesses()
    .filter(({ pid }) => environmentHolds(pid, `${MARKER}=${job.id}-${job.attempt}`))
    .map(({ pid }) => pid)

/** All descendants of a process. */
export function familyOf(pid: number | undefined): readonly Process[] {
  const processes = listProcesses()
  const family = processes.filter(({ parent }) => parent === pid)
  for (const { pid: parent } of family) {
    family.push(...processes.filter((each) => each.parent === parent))
  }
  return family
}

/** The commands of those processes that still run. */
export const stillRunning = (processes: readonly Process[]): readonly string[] =>
  processes
    .filter(({ pid, started }) => readProcess(pid)?.started === started)
    .map(({ pid }) => commandOf(pid))

/** The first descendant of a process whose command line contains these words. */
export function memberOf(pid: number | undefined, words: string): number {
  const found = familyOf(pid).find((each) => commandOf(each.pid).includes(words))
  if (found === undefined) throw new Error(`no process ${words} below ${pid}`)
  return found.pid
}

/** Waits until a process has a descendant whose command line contains these words. */
export async function untilMember(pid: number | undefined, words: string): Promise<void> {
  const commands = () => familyOf(pid).map((each) => commandOf(each.pid))
  await expect.poll(commands, { timeout: 10_000 }).toContainEqual(expect.stringContaining(words))
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ')
  } catch {
    return ''
  }
}
