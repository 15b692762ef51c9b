import type { Migration } from '../../migration.ts'

/** Adds the callbacks of jobs, and the outbox for their deliveries. */
export const callbacks: Migration = {
  version: 4,
  name: 'callbacks',
  statements: [
    `CREATE TABLE callback (
      job_id TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
      number INTEGER NOT NULL,
      url TEXT NOT NULL,
      events TEXT NOT NULL,                     -- JSON
      PRIMARY KEY (job_id, number)
    ) WITHOUT ROWID`,
    `CREATE TABLE delivery (
      id TEXT PRIMARY KEY,                     -- made of job, event and callback
      job_id TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
      seq INTEGER NOT NULL,
      event TEXT NOT NULL,
      url TEXT NOT NULL,
      host TEXT NOT NULL,                      -- of the url: so many at a time go to each
      body TEXT NOT NULL,                       -- the very bytes that are sent and signed
      state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
      tries INTEGER NOT NULL,
      next_at INTEGER,                          -- the next try, or the end of the lease of this one
      status INTEGER,
      error TEXT,
      created_at INTEGER NOT NULL,
      ended_at INTEGER,
      CHECK ((next_at IS NOT NULL) = (state = 'pending')),
      CHECK ((ended_at IS NULL) = (state = 'pending'))
    )`,
    `CREATE INDEX delivery_due ON delivery (next_at) WHERE next_at IS NOT NULL`,
    `CREATE INDEX delivery_job ON delivery (job_id, id)`,
    `CREATE INDEX delivery_state ON delivery (state, id)`,
  ],
}
