import type { Migration } from '../migrate.ts'
import { jobs } from './0001-jobs.ts'

/** All migrations, oldest first. */
export const MIGRATIONS: readonly Migration[] = [jobs]
