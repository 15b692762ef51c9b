import { z } from 'zod'
import type { Access, Scope } from '../domain/principal.ts'

const Empty = z.strictObject({})

/** Bytes instead of JSON, in the request or in the answer. */
export type Bytes = { readonly bytes: true; readonly maxBytes: number }

/** One route: everything that the hub, the client and the OpenAPI document need. */
export type Route = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** With {braces} around parameters, as in OpenAPI. */
  readonly path: string
  readonly summary: string
  readonly access: Access
  readonly params: z.ZodType
  readonly query: z.ZodType
  /** null: no body. */
  readonly body: z.ZodType | Bytes | null
  /** A schema for JSON; `Bytes` for a stream of bytes. */
  readonly answer: z.ZodType | Bytes
  readonly status: number
}

export const scope = (name: Scope) => ({ kind: 'scope', scope: name }) as const satisfies Access
export const WORKER = { kind: 'worker' } as const satisfies Access
export const ATTEMPT = { kind: 'attempt' } as const satisfies Access
export const PUBLIC = { kind: 'public' } as const satisfies Access

/** Defaults of a route. */
export const plain = { params: Empty, query: Empty, body: null, status: 200 } as const
export const bytes = (maxBytes: number): Bytes => ({ bytes: true, maxBytes })
