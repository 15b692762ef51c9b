import type { Usage } from '../domain/outcome.ts'
import { plural } from '../domain/plural.ts'
import type { UsageSum } from '../domain/usage-report.ts'

/** Formats a duration: 420 ms, 3.2 s, 2m 05s, 3h 12m, 4d 3h. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`
  const seconds = Math.floor(ms / 1000)
  if (seconds < 60) return `${(ms / 1000).toFixed(1)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}m ${two(seconds % 60)}s`
  const hours = Math.floor(minutes / 60)
  return hours < 24
    ? `${hours}h ${two(minutes % 60)}m`
    : `${Math.floor(hours / 24)}d ${hours % 24}h`
}

const two = (value: number): string => String(value).padStart(2, '0')

/** Formats tokens and cost: 12.3k in, 450 out · $0.04. */
export function usage(used: Usage): string {
  const tokens = `${thousands(used.inputTokens)} in, ${thousands(used.outputTokens)} out`
  const cost = used.costUsd === 'unknown' ? 'cost unknown' : dollars(used.costUsd)
  return [tokens, cost, ...(used.replayed ? ['replayed, not from a model'] : [])].join(' · ')
}

/** Formats tokens and cost for a table: 12.3k/450 $0.04. `$?` stands for an unknown cost. */
export function compactUsage(used: Usage): string {
  const tokens = `${thousands(used.inputTokens)}/${thousands(used.outputTokens)}`
  if (used.replayed) return `${tokens} replayed`
  return `${tokens} ${used.costUsd === 'unknown' ? '$?' : dollars(used.costUsd)}`
}

export const dollars = (amount: number): string => `$${amount.toFixed(2)}`

/** Formats the sum of tokens and costs of jobs: 12.3k in, 450 out · $0.04, unknown for 1 job. */
export const usageSum = (sum: UsageSum): string =>
  `${thousands(sum.inputTokens)} in, ${thousands(sum.outputTokens)} out · ${costSum(sum)}`

/**
 * Formats a sum of costs: the known cost, the number of jobs whose cost is unknown, and the number
 * of jobs that used replayed responses, which cost nothing.
 */
export const costSum = ({ costUsd, unknownCosts, replayed }: UsageSum): string =>
  [
    dollars(costUsd),
    ...(unknownCosts === 0 ? [] : [`unknown for ${plural(unknownCosts, 'job')}`]),
    ...(replayed === 0 ? [] : [`${plural(replayed, 'job')} replayed, not from a model`]),
  ].join(', ')

/** Formats a count: 999, 12.3k, 4.5M. */
export const thousands = (count: number): string =>
  count < 1000
    ? String(count)
    : count < 1_000_000
      ? `${(count / 1000).toFixed(1)}k`
      : `${(count / 1_000_000).toFixed(1)}M`

/** Formats a time in the machine's time zone: 2026-08-01 14:03:22. */
export const moment = (at: number): string => new Date(at).toLocaleString('sv-SE')

/**
 * Formats a time with its zone: 2026-08-01 14:03:22 UTC+02:00. In a message with several times, use
 * this function for the first time only.
 */
export const zonedMoment = (at: number): string => `${moment(at)} ${zoneAt(at)}`

function zoneAt(at: number): string {
  const ahead = -new Date(at).getTimezoneOffset()
  if (ahead === 0) return 'UTC'
  const minutes = Math.abs(ahead)
  return `UTC${ahead < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}
