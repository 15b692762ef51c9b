/** A table as backup and restore know it: what no other column or table gives. */
export type Table = {
  readonly name: string
  /** The schema version that brought it: older backups lack it. */
  readonly since: number
  readonly columns: readonly string[]
  /** Rows that others refer to come first. */
  readonly order: string
}

const table = (name: string, order: string, columns: string, since = 1): Table => ({
  name,
  since,
  order,
  columns: columns.trim().split(/\s+/),
})

/** Every table, those that others refer to first. Counts and probes are made anew. */
export const TABLES: readonly Table[] = [
  table(
    'job',
    'number',
    `number id kind title search priority labels locks lane limits retry idempotency_key
    request_digest retry_of state reason detail attempt failures not_before parked_on woken_for
    cancel_requested_at resume_at locks_until publication summary usage created_at started_at
    ended_at submitted_by origin group_name demands hold_until`,
  ),
  table('payload', 'job_id', 'job_id payload'),
  table('job_lock', 'key', 'key job_id attempt'),
  table(
    'attempt',
    'job_id, attempt',
    `job_id attempt worker_id worker boot_id sandbox held_by request_id token_hash lease_ms
    lease_until claimed_at renewed_at ended_at outcome told agent_started step usage`,
  ),
  table('event', 'job_id, seq', 'job_id seq at attempt type body'),
  table(
    'artifact',
    'job_id, attempt, name',
    'job_id attempt name digest size media_type created_at',
  ),
  table('callback', 'job_id, number', 'job_id number url events', 4),
  table(
    'delivery',
    'id',
    `id job_id seq event url host body state tries next_at status error created_at ended_at`,
    4,
  ),
  table('blob', 'digest', 'digest size uploader stored_at', 5),
  table('input', 'job_id, name', 'job_id name digest', 5),
  table('worker', 'id', 'id identity seen_at'),
  table('token', 'id', 'id hash name scopes created_at expires_at revoked_at last_used_at lanes'),
  table('store', 'place', 'place id', 2),
]

/** The tables of a ledger of this version. */
export const tablesOf = ({ schemaVersion }: { readonly schemaVersion: number }): readonly Table[] =>
  TABLES.filter(({ since }) => since <= schemaVersion)

export type Row = Readonly<Record<string, string | number | null>>

/** All of a ledger as it was at one moment, whatever is written meanwhile. */
export type Snapshot = AsyncDisposable & {
  readonly schemaVersion: number
  rows(table: Table): AsyncIterable<Row>
}

/** An empty ledger that takes rows: all of them, or none when it is disposed before `commit`. */
export type Refill = AsyncDisposable & {
  insert(table: Table, rows: readonly Row[]): Promise<void>
  commit(): Promise<void>
}

export const selectOf = ({ name, columns, order }: Table): string =>
  `SELECT ${columns.join(', ')} FROM ${name} ORDER BY ${order}`
