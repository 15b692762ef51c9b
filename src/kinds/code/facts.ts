import type { Fact } from '../../domain/kind.ts'
import { type CodePayload, refOf } from './payload.ts'

/** What matters of a code job to a person. */
export function codeFacts(payload: CodePayload): readonly Fact[] {
  const { repository, agent, publish, checkout } = payload
  return [
    ['repository', repository],
    ['ref', refOf(payload)],
    ['checkout', checkoutText(checkout)],
    ['agent', agent.name],
    ['publish', publish.mode],
  ]
}

/** In which way the checkout is not the whole repository and nothing else; null when it is. */
function checkoutText(checkout: CodePayload['checkout']): string | null {
  const { depth, sparse, submodules, lfs } = checkout
  const parts = [
    ...(depth === null ? [] : [`${depth} commits deep`]),
    ...(sparse.length === 0 ? [] : [`only ${sparse.join(', ')}`]),
    ...(submodules === 'none' ? [] : ['with submodules']),
    ...(lfs ? ['with LFS files'] : []),
  ]
  return parts.length === 0 ? null : parts.join(', ')
}
