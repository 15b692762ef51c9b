import { type Hint, hint } from './hint.ts'

/**
 * Something that a job needs and no connected worker offers, and how to get a worker that offers
 * it.
 */
export type Lack = {
  /** A clause, such as `no worker accepts local repositories`. */
  readonly what: string
  readonly cure: Hint | null
}

/** A demand of a job that no connected worker meets. */
export type UnmetDemand = Lack & {
  /** What is demanded, such as `local repositories`. */
  readonly noun: string
}

/** Joins the clause and the cure into one hint. */
export const lackHint = ({ what, cure }: Lack): Hint =>
  cure === null ? hint(what) : { ...cure, text: `${what}; ${cure.text}` }
