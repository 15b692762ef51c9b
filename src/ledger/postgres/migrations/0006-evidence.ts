import type { Migration } from '../../migration.ts'

/** Adds who cancelled a job, and an index for reports about a period. */
export const evidence: Migration = {
  version: 6,
  name: 'evidence',
  statements: [
    `ALTER TABLE job ADD COLUMN cancel_requested_by TEXT`,
    `CREATE INDEX job_created ON job (created_at)`,
  ],
}
