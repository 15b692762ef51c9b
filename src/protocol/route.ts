import { z } from 'zod'
import type { Access, Scope } from '../domain/principal.ts'

const Empty = z.strictObject({})

/** Marks a request or response body as a stream of bytes instead of JSON. */
export type Bytes = { readonly bytes: true; readonly maxBytes: number }

/** Describes one HTTP route. The hub, the client and the OpenAPI document are built from it. */
export type Route = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** A path with parameters in braces, as in OpenAPI: `/jobs/{job}`. */
  readonly path: string
  readonly summary: string
  readonly access: Access
  readonly params: z.ZodType
  readonly query: z.ZodType
  /** null if the route takes no body. */
  readonly body: z.ZodType | Bytes | null
  /** Schema of a JSON response, or `Bytes` for a stream of bytes. */
  readonly answer: z.ZodType | Bytes
  /** HTTP status of a successful response. */
  readonly status: number
}

export const scope = (name: Scope) => ({ kind: 'scope', scope: name }) as const satisfies Access
export const WORKER = { kind: 'worker' } as const satisfies Access
export const ATTEMPT = { kind: 'attempt' } as const satisfies Access
export const PUBLIC = { kind: 'public' } as const satisfies Access

/** Defaults that most routes share: no parameters, no body, status 200. */
export const plain = { params: Empty, query: Empty, body: null, status: 200 } as const
export const bytes = (maxBytes: number): Bytes => ({ bytes: true, maxBytes })
