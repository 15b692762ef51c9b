import type { Migration } from '../../migration.ts'

/** Adds the name of the token that requested a cancel, and an index for usage reports. */
export const evidence: Migration = {
  version: 6,
  name: 'evidence',
  statements: [
    `ALTER TABLE job ADD COLUMN cancel_requested_by TEXT`,
    `CREATE INDEX job_created ON job (created_at)`,
  ],
}
