import { listProcesses, environmentHolds } from '../../src/platform/process-table.ts'
import { MARKER } from '../../src/platform/process-tree.ts'

/** Pids of what runs for an attempt, wherever it moved. */
export const runningFor = (job: { readonly id: string; readonly attempt: number }): number[] =>
  listProcesses()
    .filter(({ pid }) => environmentHolds(pid, `${MARKER}=${job.id}-${job.attempt}`))
    .map(({ pid }) => pid)
