import { z } from 'zod'
import { Scope } from '../domain/principal.ts'
import { json } from './column.ts'
import { sql } from './sql.ts'

/** Selects tokens as `TokenColumns` parses them; a WHERE clause may follow. */
export const SELECT_TOKEN = sql`
  SELECT id, name, scopes, lanes, created_at AS "createdAt", expires_at AS "expiresAt",
    revoked_at AS "revokedAt", last_used_at AS "lastUsedAt"
  FROM token`

export const TokenColumns = z.object({
  id: z.string(),
  name: z.string(),
  scopes: json(z.array(Scope)),
  lanes: json(z.array(z.string())).nullable(),
  createdAt: z.int(),
  expiresAt: z.int().nullable(),
  revokedAt: z.int().nullable(),
  lastUsedAt: z.int().nullable(),
})
