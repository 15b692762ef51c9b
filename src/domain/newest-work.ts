import { SALVAGE } from './attempt.ts'

/** An artifact that may have been salvaged from a dead attempt. */
type Kept = { readonly attempt: number; readonly name: string; readonly size: number }

const isSalvaged = (name: string): boolean => name.startsWith(SALVAGE)

/** The name under which an attempt keeps an artifact, without the prefix for a salvaged one. */
export const unsalvaged = (name: string): string =>
  isSalvaged(name) ? name.slice(SALVAGE.length) : name

/**
 * Orders artifacts of one job that differ only in attempt and salvage, so that the one to continue
 * from comes first: the newest attempt's. Of the same attempt, the uploaded one comes before the
 * salvaged one, which may contain files that a check wrote, unless the uploaded one is empty.
 */
export const byNewestWork = (one: Kept, other: Kept): number =>
  other.attempt - one.attempt ||
  Number(one.size === 0) - Number(other.size === 0) ||
  Number(isSalvaged(one.name)) - Number(isSalvaged(other.name))
