import type { Migration } from '../../migration.ts'

/** Finds the jobs that ended longest ago, so that they can be forgotten. */
export const ended: Migration = {
  version: 3,
  name: 'ended',
  statements: [`CREATE INDEX job_ended ON job (ended_at) WHERE ended_at IS NOT NULL`],
}
