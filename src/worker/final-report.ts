import { z } from 'zod'
import { fenceOf, type Lease } from '../domain/lease.ts'
import type { Outcome, Usage } from '../domain/outcome.ts'
import type { ReportFile } from '../domain/report-file.ts'
import type { AttemptSender } from './attempt-sender.ts'
import type { End, FinalReport } from './report-spool.ts'

type Ending = {
  readonly lease: Lease
  /** Never `lease-lost`: an attempt that lost its lease sends no report. */
  readonly outcome: Exclude<Outcome, { readonly kind: 'lease-lost' }>
  readonly usage: Usage | null
  readonly sender: AttemptSender
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly endedAt: number
}

/**
 * Builds an attempt's final report. Also queues the artifacts `report.json` and `usage.json`, which
 * are for people to read.
 */
export function finalReport(ending: Ending): FinalReport {
  const { lease, outcome, usage, sender } = ending
  if (usage !== null) sender.keep(json('usage.json', usage))
  sender.keep(json('report.json', reportFile(ending)))
  return {
    ...fenceOf(lease),
    token: lease.token,
    end: endOf(outcome),
    usage,
    artifacts: [...sender.artifacts],
  }
}

function reportFile({ lease, outcome, usage, sender, startedAt, endedAt }: Ending): ReportFile {
  const { kind, title, submittedBy, payload } = lease.job
  return {
    ...fenceOf(lease),
    kind,
    title,
    submittedBy,
    payload: z.json().parse(payload ?? null),
    startedAt,
    endedAt,
    outcome,
    ...sender.evidence,
    usage,
    artifacts: sender.artifacts.map(({ name }) => name),
  }
}

function endOf(outcome: Ending['outcome']): End {
  if (outcome.kind === 'handed-back') return { kind: 'hand-back' }
  if (outcome.kind === 'paused') {
    const { kind: _kind, ...pause } = outcome
    return { kind: 'pause', pause }
  }
  if (outcome.kind === 'deferred') {
    const { kind: _kind, ...deferral } = outcome
    return { kind: 'defer', deferral }
  }
  return { kind: 'settle', settlement: outcome }
}

const json = (name: string, value: unknown) => ({
  name,
  mediaType: 'application/json',
  text: `${JSON.stringify(value, null, 2)}\n`,
})
