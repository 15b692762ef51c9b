import type { Migration } from '../../migration.ts'

/** Adds the id of the store of artifacts and logs that the ledger is bound to. */
export const store: Migration = {
  version: 2,
  name: 'store',
  statements: [
    `CREATE TABLE store (place INTEGER PRIMARY KEY CHECK (place = 1), id TEXT NOT NULL)`,
  ],
}
