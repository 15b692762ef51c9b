import type { Migration } from '../../migration.ts'

/** Which store of artifacts and logs the ledger speaks of. */
export const store: Migration = {
  version: 2,
  name: 'store',
  statements: [
    `CREATE TABLE store (place INTEGER PRIMARY KEY CHECK (place = 1), id TEXT NOT NULL)`,
  ],
}
