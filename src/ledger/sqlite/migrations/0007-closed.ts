import type { Migration } from '../../migration.ts'

/** Adds the table of closed resources, and a column that counts a job's deferred attempts. */
export const closed: Migration = {
  version: 7,
  name: 'closed',
  statements: [
    `CREATE TABLE closed (
      key TEXT PRIMARY KEY,
      covers TEXT NOT NULL,                     -- JSON: patterns for the demands of its jobs
      reason TEXT NOT NULL,
      detail TEXT NOT NULL,
      since INTEGER NOT NULL,
      until INTEGER NOT NULL,                   -- from then on one attempt may try it
      tries INTEGER NOT NULL,
      trial_job TEXT,                           -- the attempt that tries it now
      trial_attempt INTEGER
    ) WITHOUT ROWID`,
    `ALTER TABLE job ADD COLUMN deferrals INTEGER NOT NULL DEFAULT 0`,
  ],
}
