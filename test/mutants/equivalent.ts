import type { Mutant } from './find.ts'

/** A mutant that no test can notice, and why. */
export type Equivalent = Pick<Mutant, 'path' | 'was' | 'becomes'> & { readonly proof: string }

/** Kept short: a condition that changes nothing is better deleted. */
export const EQUIVALENT: readonly Equivalent[] = [
  {
    path: 'src/ledger/transactions/claim.ts',
    was: 'tx.advisoryLocks === null',
    becomes: 'false',
    proof:
      'Where there are no advisory locks, taking one says yes and the same row is read a second time.',
  },
  {
    path: 'src/ledger/claimed.ts',
    was: 'row === undefined',
    becomes: 'false',
    proof: 'The claim has written this very row before; only the compiler does not know.',
  },
  {
    path: 'src/ledger/lock-keys.ts',
    was: 'waiter.wokenFor === null',
    becomes: 'false',
    proof: 'Nobody is parked on no key, so nobody would be woken; the guard saves the question.',
  },
  {
    path: 'src/ledger/append-event.ts',
    was: 'written === undefined',
    becomes: 'false',
    proof: 'An INSERT that succeeds returns its row; only the compiler does not know.',
  },
  {
    path: 'src/ledger/outbox.ts',
    was: 'event === undefined',
    becomes: 'false',
    proof: 'Nobody can have asked for such an event; the guard saves looking for them.',
  },
  {
    path: 'src/ledger/outbox.ts',
    was: 'asked.length === 0',
    becomes: 'false',
    proof: 'For nobody nothing is written; the guard saves reading the job.',
  },
]

export const proofOf = (mutant: Mutant): Equivalent | undefined =>
  EQUIVALENT.find(
    ({ path, was, becomes }) =>
      path === mutant.path && was === mutant.was && becomes === mutant.becomes,
  )
