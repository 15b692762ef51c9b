// Reads Linux's /proc. The functions are synchronous on purpose: a read is fast, because it only
// copies kernel memory, and a scan without interruptions misses fewer processes.
import { readdirSync, readFileSync } from 'node:fs'
import { hasErrno } from './errno.ts'

/**
 * A running process. It is identified by its pid and start time together, because the kernel reuses
 * pids.
 */
export type Process = {
  readonly pid: number
  readonly parent: number
  readonly group: number
  readonly session: number
  /** The start time, in clock ticks since boot. */
  readonly started: string
}

/** All running processes, without zombies, which hold no resources. */
export function listProcesses(): readonly Process[] {
  return readdirSync('/proc').flatMap((name) => {
    const process = /^\d+$/.test(name) ? readProcess(Number(name)) : null
    return process === null ? [] : [process]
  })
}

/** One process, or null if it has exited. A zombie counts as exited. */
export function readProcess(pid: number): Process | null {
  const stat = readProcFile(`/proc/${pid}/stat`)
  if (stat === null) return null
  // The program name in parentheses may itself contain spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (fields[0] === 'Z' || fields[0] === 'X') return null
  return {
    pid,
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    started: fields[19] ?? '',
  }
}

/** Whether the environment that a process started with contains exactly this `NAME=value`. */
export function environmentHolds(pid: number, entry: string): boolean {
  return readProcFile(`/proc/${pid}/environ`)?.split('\0').includes(entry) ?? false
}

/** The pids of the direct children of a single-threaded process, oldest first. */
export function childrenOf(pid: number): readonly number[] {
  const children = readProcFile(`/proc/${pid}/task/${pid}/children`) ?? ''
  return children.split(' ').filter(Boolean).map(Number)
}

/** Reads a file in /proc. Returns null if the process has exited or belongs to another user. */
function readProcFile(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM')) return null
    throw error
  }
}
