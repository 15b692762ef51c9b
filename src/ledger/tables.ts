import type { Tx } from './transaction.ts'

/**
 * A table to back up and restore. `columns` leaves out generated columns, because the database
 * computes them.
 */
export type Table = {
  readonly name: string
  readonly columns: readonly string[]
  /** The columns of an ORDER BY that puts each row after the rows that it refers to. */
  readonly order: string
}

/**
 * @param columns maps a schema version to the columns that it added, as names separated by spaces
 */
const table = (
  name: string,
  order: string,
  columns: Readonly<Record<number, string>>,
): TableOverTime => ({
  name,
  order,
  columns: Object.entries(columns).flatMap(([since, names]) =>
    names
      .trim()
      .split(/\s+/)
      .map((column) => ({ name: column, since: Number(since) })),
  ),
})

type TableOverTime = Pick<Table, 'name' | 'order'> & {
  readonly columns: readonly { readonly name: string; readonly since: number }[]
}

/**
 * The tables of all schema versions, in an order that puts each table after those that it refers
 * to. The tables of job counts and the table `probe` are left out, because they are not backed up.
 */
const ALL_VERSIONS: readonly TableOverTime[] = [
  table('job', 'number', {
    1: `number id kind title search priority labels locks lane limits retry idempotency_key
      request_digest retry_of state reason detail attempt failures not_before parked_on woken_for
      cancel_requested_at resume_at locks_until publication summary usage created_at started_at
      ended_at`,
    5: 'submitted_by origin group_name demands hold_until',
    6: 'cancel_requested_by',
    7: 'deferrals',
  }),
  table('payload', 'job_id', { 1: 'job_id payload' }),
  table('job_lock', 'key', { 1: 'key job_id attempt' }),
  table('attempt', 'job_id, attempt', {
    1: `job_id attempt worker_id worker boot_id sandbox held_by request_id token_hash lease_ms
      lease_until claimed_at renewed_at ended_at outcome told agent_started step usage`,
  }),
  table('event', 'job_id, seq', { 1: 'job_id seq at attempt type body' }),
  table('artifact', 'job_id, attempt, name', {
    1: 'job_id attempt name digest size media_type created_at',
  }),
  table('callback', 'job_id, number', { 4: 'job_id number url events' }),
  table('delivery', 'id', {
    4: 'id job_id seq event url host body state tries next_at status error created_at ended_at',
    5: 'job_number',
  }),
  table('blob', 'digest', { 5: 'digest size stored_at' }),
  table('upload', 'digest, uploader', { 5: 'digest uploader' }),
  table('input', 'job_id, name', { 5: 'job_id name digest' }),
  table('worker', 'id', { 1: 'id identity seen_at', 5: 'restricted_to' }),
  table('token', 'id', {
    1: 'id hash name scopes created_at expires_at revoked_at last_used_at',
    5: 'lanes',
  }),
  table('store', 'place', { 2: 'place id' }),
  table('closed', 'key', {
    7: 'key covers reason detail since until tries trial_job trial_attempt',
  }),
]

/** Returns the tables and columns that exist in a schema version. */
export const tablesOf = ({ schemaVersion }: { readonly schemaVersion: number }): readonly Table[] =>
  ALL_VERSIONS.map(({ name, order, columns }) => ({
    name,
    order,
    columns: columns.filter(({ since }) => since <= schemaVersion).map((column) => column.name),
  })).filter(({ columns }) => columns.length > 0)

/** The tables of the current schema. */
export const TABLES = tablesOf({ schemaVersion: Infinity })

export type Row = Readonly<Record<string, string | number | null>>

/** A consistent view of a whole ledger, unaffected by concurrent writes. */
export type Snapshot = AsyncDisposable & {
  readonly schemaVersion: number
  rows(table: Table): AsyncIterable<Row>
  /** Runs a SELECT and parses its rows. */
  readonly all: Tx['all']
}

/**
 * An empty ledger to restore into. If it is disposed before `commit`, every insert is rolled back.
 */
export type Refill = AsyncDisposable & {
  insert(table: Table, rows: readonly Row[]): Promise<void>
  commit(): Promise<void>
}

export const selectOf = ({ name, columns, order }: Table): string =>
  `SELECT ${columns.join(', ')} FROM ${name} ORDER BY ${order}`
