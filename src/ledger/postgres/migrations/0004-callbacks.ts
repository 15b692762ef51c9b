import type { Migration } from '../../migration.ts'

const NAME = 'TEXT COLLATE "C"'

/** Adds the callbacks of jobs, and the outbox for their deliveries. */
export const callbacks: Migration = {
  version: 4,
  name: 'callbacks',
  statements: [
    `CREATE TABLE callback (
      job_id ${NAME} NOT NULL REFERENCES job (id) ON DELETE CASCADE,
      number INTEGER NOT NULL,
      url TEXT NOT NULL,
      events TEXT NOT NULL,                     -- JSON
      PRIMARY KEY (job_id, number)
    )`,
    `CREATE TABLE delivery (
      id ${NAME} PRIMARY KEY,                     -- made of job, event and callback
      job_id ${NAME} NOT NULL REFERENCES job (id) ON DELETE CASCADE,
      seq INTEGER NOT NULL,
      event ${NAME} NOT NULL,
      url TEXT NOT NULL,
      host ${NAME} NOT NULL,                      -- of the url: so many at a time go to each
      body TEXT NOT NULL,                       -- the very bytes that are sent and signed
      state ${NAME} NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
      tries INTEGER NOT NULL,
      next_at BIGINT,                          -- the next try, or the end of the lease of this one
      status INTEGER,
      error TEXT,
      created_at BIGINT NOT NULL,
      ended_at BIGINT,
      CHECK ((next_at IS NOT NULL) = (state = 'pending')),
      CHECK ((ended_at IS NULL) = (state = 'pending'))
    ) WITH (fillfactor = 70)`,
    `CREATE INDEX delivery_due ON delivery (next_at) WHERE next_at IS NOT NULL`,
    `CREATE INDEX delivery_job ON delivery (job_id, id)`,
    `CREATE INDEX delivery_state ON delivery (state, id)`,
  ],
}
