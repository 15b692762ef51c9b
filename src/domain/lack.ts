import { type Hint, hint } from './hint.ts'

/** What no connected worker offers to a job, and how to get a worker that does. */
export type Lack = {
  /** A clause, such as `no worker accepts local repositories`. */
  readonly what: string
  readonly cure: Hint | null
}

/** A lack as one hint: the clause and the cure. */
export const lackHint = ({ what, cure }: Lack): Hint =>
  cure === null ? hint(what) : { ...cure, text: `${what}; ${cure.text}` }
