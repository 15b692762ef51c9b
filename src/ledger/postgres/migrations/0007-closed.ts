import type { Migration } from '../../migration.ts'

const NAME = 'TEXT COLLATE "C"'

/** Adds the table of closed resources, and a column that counts a job's deferred attempts. */
export const closed: Migration = {
  version: 7,
  name: 'closed',
  statements: [
    `CREATE TABLE closed (
      key ${NAME} PRIMARY KEY,
      covers TEXT NOT NULL,                     -- JSON: patterns for the demands of its jobs
      reason TEXT NOT NULL,
      detail TEXT NOT NULL,
      since BIGINT NOT NULL,
      until BIGINT NOT NULL,                   -- from then on one attempt may try it
      tries BIGINT NOT NULL,
      trial_job ${NAME},                           -- the attempt that tries it now
      trial_attempt BIGINT
    )`,
    `ALTER TABLE job ADD COLUMN deferrals BIGINT NOT NULL DEFAULT 0`,
  ],
}
