import type { Mutant } from './find.ts'

/** A mutant that no test can notice, and why. */
export type Equivalent = Pick<Mutant, 'path' | 'was' | 'becomes'> & { readonly proof: string }

/** Kept short: a condition that changes nothing is better deleted. */
export const EQUIVALENT: readonly Equivalent[] = []

export const proofOf = (mutant: Mutant): Equivalent | undefined =>
  EQUIVALENT.find(
    ({ path, was, becomes }) =>
      path === mutant.path && was === mutant.was && becomes === mutant.becomes,
  )
