import type { Migration } from '../../migration.ts'
import { jobs } from './0001-jobs.ts'
import { store } from './0002-store.ts'
import { moments } from './0003-moments.ts'
import { callbacks } from './0004-callbacks.ts'
import { seams } from './0005-seams.ts'
import { evidence } from './0006-evidence.ts'
import { closed } from './0007-closed.ts'

/** All migrations, oldest first. */
export const MIGRATIONS: readonly Migration[] = [
  jobs,
  store,
  moments,
  callbacks,
  seams,
  evidence,
  closed,
]
