import { randomUUID } from 'node:crypto'
import type { z } from 'zod'
import { AGENTS } from '../../src/agents/all.ts'
import { KINDS } from '../../src/kinds/all.ts'
import type { Submission } from '../../src/domain/job.ts'
import type { ClaimBody } from '../../src/protocol/schemas.ts'
import type { Lease } from '../../src/domain/lease.ts'
import type { HubClient } from '../../src/protocol/client.ts'
import { TEST_VERSION } from './hub.ts'

/** A valid job of the code kind. */
export const aJob = (
  changes: Partial<z.input<typeof Submission>> = {},
): z.input<typeof Submission> => ({
  kind: 'code',
  payload: {
    repository: '/srv/git/example.git',
    prompt: 'fix it',
    agent: { name: 'command', run: ['true'] },
  },
  ...changes,
})

/** The claim of a worker that serves the code kind, with every agent, on every repository. */
export const aClaim = (
  changes: Partial<z.input<typeof ClaimBody>> = {},
): z.input<typeof ClaimBody> => ({
  requestId: randomUUID(),
  worker: {
    id: randomUUID(),
    bootId: randomUUID(),
    name: 'tester',
    version: TEST_VERSION,
    slots: 1,
    kinds: ['code'],
    labels: [],
    offers: KINDS.flatMap((kind) =>
      kind.offers({ agents: AGENTS.map(({ name }) => name), localRepositories: true }),
    ),
    sandbox: 'none',
  },
  ...changes,
})

/** Submits a job and claims it; returns the lease and a client for the attempt. */
export async function aLease(
  hub: { readonly admin: HubClient; readonly worker: HubClient },
  job: Partial<z.input<typeof Submission>> = {},
): Promise<{
  lease: Lease
  params: { job: Lease['job']['id']; attempt: number }
  attempt: HubClient
}> {
  await hub.admin.call('submitJob', { body: aJob(job) })
  const lease = await hub.worker.call('claimLease', { body: aClaim() })
  if (lease === null) throw new Error('the hub had no job for the worker')
  const params = { job: lease.job.id, attempt: lease.attempt }
  return { lease, params, attempt: hub.worker.withToken(lease.token) }
}
