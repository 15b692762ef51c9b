import type { Fact } from '../../domain/kind.ts'
import { type CodePayload, refOf } from './payload.ts'

/** The rows that displays show about a code job. */
export function codeFacts(payload: CodePayload): readonly Fact[] {
  const { repository, agent, publish, checkout } = payload
  return [
    ['repository', repository],
    ['ref', refOf(payload)],
    ['checkout', checkoutText(checkout)],
    ['agent', agent.name],
    ['expects', payload.expectChange === true ? 'a change' : null],
    ['publish', publish.mode],
  ]
}

/**
 * How the checkout differs from the default; null if it does not. The default has all folders and the
 * complete history, but no submodules and no LFS files.
 */
function checkoutText(checkout: CodePayload['checkout']): string | null {
  const { depth, sparse, submodules, lfs } = checkout
  const parts = [
    ...(depth === null ? [] : [`depth ${depth}`]),
    ...(sparse.length === 0 ? [] : [`only ${sparse.join(', ')}`]),
    ...(submodules === 'none' ? [] : ['with submodules']),
    ...(lfs ? ['with LFS files'] : []),
  ]
  return parts.length === 0 ? null : parts.join(', ')
}
