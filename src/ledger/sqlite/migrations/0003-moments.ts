import type { Migration } from '../../migration.ts'

/** Adds indexes for finding old jobs to delete, and for finding paused jobs to resume. */
export const moments: Migration = {
  version: 3,
  name: 'moments',
  statements: [
    `CREATE INDEX job_ended ON job (ended_at) WHERE ended_at IS NOT NULL`,
    `CREATE INDEX job_resume ON job (resume_at) WHERE resume_at IS NOT NULL`,
  ],
}
