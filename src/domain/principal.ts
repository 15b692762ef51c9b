import { z } from 'zod'
import type { Fence } from './lease.ts'

/** What a token permits. `admin` includes all other scopes except `worker`. */
export const Scope = z.enum([
  'admin',
  'jobs:submit',
  'jobs:read',
  'jobs:cancel',
  'artifacts:read',
  'workers:read',
  'worker',
])
export type Scope = z.infer<typeof Scope>

/** A person, or a program other than a worker. */
export type UserPrincipal = {
  readonly kind: 'user'
  readonly tokenId: string
  readonly name: string
  readonly scopes: readonly Scope[]
}

/**
 * A worker daemon. It is allowed to claim jobs, and to upload the work of attempts that it once
 * ran.
 */
export type WorkerPrincipal = {
  readonly kind: 'worker'
  readonly tokenId: string
  readonly name: string
  /**
   * Patterns for the jobs that the token allows the worker to run, such as `repo:https://host/*`;
   * null permits all jobs.
   */
  readonly lanes: readonly string[] | null
}

/** One attempt at a job. Its token allows reports on that attempt only. */
export type AttemptPrincipal = Fence & { readonly kind: 'attempt' }

/** The sender of a request, which the hub determines from the token. */
export type Principal = UserPrincipal | WorkerPrincipal | AttemptPrincipal

/**
 * What a route requires of its caller. A route that does not declare its access does not compile.
 */
export type Access =
  | { readonly kind: 'public' }
  | { readonly kind: 'scope'; readonly scope: Scope }
  | { readonly kind: 'worker' }
  | { readonly kind: 'attempt' }
