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

/** A worker daemon: may claim, and salvage what it once held. */
export type WorkerPrincipal = {
  readonly kind: 'worker'
  readonly tokenId: string
  readonly name: string
  /** Patterns of the jobs that it may serve, such as `repo:https://…*`; null: every one. */
  readonly lanes: readonly string[] | null
}

/** One attempt of one job: may speak of that attempt alone. */
export type AttemptPrincipal = Fence & { readonly kind: 'attempt' }

/** Who is asking, resolved from the token by the hub alone. */
export type Principal = UserPrincipal | WorkerPrincipal | AttemptPrincipal

/** What a route demands. There is no default: a route without one does not compile. */
export type Access =
  | { readonly kind: 'public' }
  | { readonly kind: 'scope'; readonly scope: Scope }
  | { readonly kind: 'worker' }
  | { readonly kind: 'attempt' }
