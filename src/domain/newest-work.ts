import { SALVAGE } from './attempt.ts'

/** An artifact that may have been salvaged from a dead attempt. */
type Kept = { readonly attempt: number; readonly name: string; readonly size: number }

const isSalvaged = (name: string): boolean => name.startsWith(SALVAGE)

/**
 * Removes the prefix SALVAGE from an artifact's name. Returns a name without the prefix unchanged.
 */
export const unsalvaged = (name: string): string =>
  isSalvaged(name) ? name.slice(SALVAGE.length) : name

/**
 * Orders artifacts of one job that differ only in attempt and salvage. The first is the one to
 * continue from. Artifacts of newer attempts come first. Within an attempt, an empty artifact comes
 * last; otherwise, the uploaded artifact comes before the salvaged one, which may contain files
 * that a check wrote.
 */
export const byNewestWork = (one: Kept, other: Kept): number =>
  other.attempt - one.attempt ||
  Number(one.size === 0) - Number(other.size === 0) ||
  Number(isSalvaged(one.name)) - Number(isSalvaged(other.name))
