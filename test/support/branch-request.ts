import type { BranchRequest } from '../../src/publish/branch.ts'
import { approve } from '../../src/domain/verdict.ts'
import { UNSIGNED } from '../../src/publish/commit.ts'

/** A request to publish a change, as from the first attempt of a job. */
export function aBranchRequest(
  change: Partial<BranchRequest> & Pick<BranchRequest, 'workspace' | 'change'>,
): BranchRequest {
  return {
    branch: 'millwright/0123456789ab',
    approval: approve(change.change.tree, [], []),
    author: null,
    signature: UNSIGNED,
    text: { title: 'Do it', prompt: 'Do it\nwell.', jobId: 'job-1', attempt: 1, trailers: true },
    at: 1_700_000_000_000,
    intents: [],
    report: { intend: async () => {} },
    ...change,
  }
}
