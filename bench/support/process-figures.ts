import { readdir, readFile } from 'node:fs/promises'

/** Bytes that processes hold: RSS counts a shared page once in each of them, PSS once in all. */
export type Memory = { readonly rss: number; readonly pss: number }

/** Linux reports CPU time in hundredths of a second (`proc(5)`). */
const TICK_MS = 10

/** This process and those it has started, and so on. */
export async function processTree(pid: number): Promise<readonly number[]> {
  const threads = await readdir(`/proc/${pid}/task`)
  const lists = threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8'))
  const children = (await Promise.all(lists)).flatMap((list) => list.split(' ').filter(Boolean))
  const trees = await Promise.all(children.map((child) => processTree(Number(child))))
  return [pid, ...trees.flat()]
}

/** @param pids of processes of this user */
export async function memoryOf(pids: readonly number[]): Promise<Memory> {
  const texts = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/smaps_rollup`, 'utf8')))
  const sum = (name: string): number =>
    texts.reduce((total, text) => {
      const kibibytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]
      return total + Number(kibibytes) * 1024
    }, 0)
  return { rss: sum('Rss'), pss: sum('Pss') }
}

/** User and system time in milliseconds: its own, and that of the children it has waited for. */
export async function cpuOf(pid: number | 'self'): Promise<{ own: number; children: number }> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  // The second field is a name that may hold spaces; what follows its bracket are numbers.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ms = (first: number): number =>
    (Number(fields[first - 3]) + Number(fields[first - 2])) * TICK_MS
  return { own: ms(14), children: ms(16) }
}
