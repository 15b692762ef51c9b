import type { UsageBy, UsageReport } from '../../domain/usage-report.ts'
import type { HubState } from '../context.ts'

/** The default period of a report, in milliseconds before now: 30 days. */
const PERIOD_MS = 30 * 86_400_000

/**
 * Sums the usage of the jobs that were created at or after `from` and before `before` (epoch ms).
 */
export const readUsage = (
  { ledger, clock }: HubState,
  { by, from, before }: { by: UsageBy; from?: number | undefined; before?: number | undefined },
): Promise<UsageReport> =>
  ledger.usageReport({
    by,
    createdFrom: from ?? clock.now() - PERIOD_MS,
    createdBefore: before ?? Number.MAX_SAFE_INTEGER,
  })
