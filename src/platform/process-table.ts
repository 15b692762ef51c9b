// Reads Linux's /proc. Reads are synchronous on purpose: each is a copy out of the kernel's memory,
// and one unbroken look misses fewer processes than one that lets others run in between.
import { readdirSync, readFileSync } from 'node:fs'
import { hasErrno } from './errno.ts'

/** A process that runs. Pid and start together name it for good; the pid alone is used again. */
export type Process = {
  readonly pid: number
  readonly parent: number
  readonly group: number
  readonly session: number
  /** Clock ticks since boot. */
  readonly started: string
}

/** Everything that runs now; zombies, which hold nothing any more, are left out. */
export function listProcesses(): readonly Process[] {
  return readdirSync('/proc').flatMap((name) => {
    const process = /^\d+$/.test(name) ? readProcess(Number(name)) : null
    return process === null ? [] : [process]
  })
}

/** One process, or null when it is gone or a zombie. */
export function readProcess(pid: number): Process | null {
  const stat = readGone(`/proc/${pid}/stat`)
  if (stat === null) return null
  // The name in parentheses may itself hold spaces and parentheses.
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

/** Whether the environment a process was started with holds exactly this `NAME=value`. */
export function environmentHolds(pid: number, entry: string): boolean {
  return readGone(`/proc/${pid}/environ`)?.split('\0').includes(entry) ?? false
}

/** The direct children of a single-threaded process, oldest first. */
export function childrenOf(pid: number): readonly number[] {
  const children = readGone(`/proc/${pid}/task/${pid}/children`) ?? ''
  return children.split(' ').filter(Boolean).map(Number)
}

/** A file of /proc, or null when the process is gone or belongs to somebody else. */
function readGone(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM')) return null
    throw error
  }
}
