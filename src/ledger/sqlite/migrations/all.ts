import type { Migration } from '../../migration.ts'
import { jobs } from './0001-jobs.ts'

/** All migrations, oldest first. */
export const MIGRATIONS: readonly Migration[] = [jobs]
