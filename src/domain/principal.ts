import { z } from 'zod'
import type { Fence } from './lease.ts'

/** What a token may do. `admin` may do everything a person may. */
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

/** A person or program. */
export type UserPrincipal = {
  readonly kind: 'user'
  readonly tokenId: string
  readonly name: string
  readonly scopes: readonly Scope[]
}

/** A worker daemon: may claim jobs, and salvage attempts that it has held. */
export type WorkerPrincipal = {
  readonly kind: 'worker'
  readonly tokenId: string
  readonly name: string
  /** Patterns of the jobs that it may serve, such as `repo:https://…*`; null for all jobs. */
  readonly lanes: readonly string[] | null
}

/** One attempt of one job: may report on that attempt only. */
export type AttemptPrincipal = Fence & { readonly kind: 'attempt' }

/** Who sent a request, as the hub resolves it from the token. */
export type Principal = UserPrincipal | WorkerPrincipal | AttemptPrincipal

/** What a route requires of its caller. There is no default: a route without one does not compile. */
export type Access =
  | { readonly kind: 'public' }
  | { readonly kind: 'scope'; readonly scope: Scope }
  | { readonly kind: 'worker' }
  | { readonly kind: 'attempt' }
