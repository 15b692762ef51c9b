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
    ['model', 'model' in agent ? (agent.model ?? null) : null],
    ['expects', payload.expectChange === true ? 'a change' : null],
    ['publish', publishText(publish)],
  ]
}

/** Where the change is published: `none`, `branch`, or `branch fix/readme` if the job names one. */
const publishText = (publish: CodePayload['publish']): string =>
  publish.mode === 'branch' && publish.branch !== undefined
    ? `branch ${publish.branch}`
    : publish.mode

/**
 * How the checkout differs from the default, which is all folders and the full history, without
 * submodules or LFS files; null if it does not differ.
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
