import type { Mutant } from './find.ts'

/** A mutant with the same behavior, which no test can kill, and why. */
export type Equivalent = Pick<Mutant, 'path' | 'was' | 'becomes'> & { readonly proof: string }

/** Kept short: a condition that changes nothing is better deleted. */
export const EQUIVALENT: readonly Equivalent[] = [
  {
    path: 'src/ledger/transactions/claim.ts',
    was: 'tx.advisoryLocks === null',
    becomes: 'false',
    proof:
      'Without advisory locks `tryLock` returns true, and the same row is only read a second time.',
  },
  {
    path: 'src/ledger/claimed.ts',
    was: 'row === undefined',
    becomes: 'false',
    proof: 'The claim has just written this row; the guard only satisfies the type checker.',
  },
  {
    path: 'src/ledger/lock-keys.ts',
    was: 'waiter.wokenFor === null',
    becomes: 'false',
    proof: 'No job is parked on a null key, so none would be woken; the guard saves a query.',
  },
  {
    path: 'src/ledger/append-event.ts',
    was: 'written === undefined',
    becomes: 'false',
    proof: 'An INSERT that succeeds returns its row; the guard only satisfies the type checker.',
  },
  {
    path: 'src/ledger/outbox.ts',
    was: 'event === undefined',
    becomes: 'false',
    proof: 'No callback can ask for such an event; the guard saves a query.',
  },
  {
    path: 'src/ledger/outbox.ts',
    was: 'asked.length === 0',
    becomes: 'false',
    proof: 'Without callbacks nothing is written; the guard saves reading the job.',
  },
]

export const proofOf = (mutant: Mutant): Equivalent | undefined =>
  EQUIVALENT.find(
    ({ path, was, becomes }) =>
      path === mutant.path && was === mutant.was && becomes === mutant.becomes,
  )
