import type { Migration } from '../../migration.ts'

const NAME = 'TEXT COLLATE "C"'

/** Who submitted a job and what for, what a worker must offer for it, and the files it brings along. */
export const seams: Migration = {
  version: 5,
  name: 'seams',
  statements: [
    `ALTER TABLE job ADD COLUMN submitted_by TEXT`,
    `ALTER TABLE job ADD COLUMN origin TEXT`,
    `ALTER TABLE job ADD COLUMN group_name ${NAME}`,
    `ALTER TABLE job ADD COLUMN demands TEXT NOT NULL DEFAULT '[]'`, // JSON, sorted
    `ALTER TABLE job ADD COLUMN hold_until BIGINT`,
    `CREATE INDEX job_group ON job (group_name, state, number) WHERE group_name IS NOT NULL`,

    // Uploaded bytes. While there is a row, the bytes are in the store.
    `CREATE TABLE blob (
      digest ${NAME} PRIMARY KEY,
      size BIGINT NOT NULL,
      stored_at BIGINT NOT NULL                         -- the last time
    )`,
    `CREATE INDEX blob_stored ON blob (stored_at)`,
    // Which tokens have uploaded them: only they may name bytes that no job names yet.
    `CREATE TABLE upload (
      digest ${NAME} NOT NULL REFERENCES blob (digest) ON DELETE CASCADE,
      uploader ${NAME} NOT NULL,
      PRIMARY KEY (digest, uploader)
    )`,
    `CREATE TABLE input (
      job_id ${NAME} NOT NULL REFERENCES job (id) ON DELETE CASCADE,
      name ${NAME} NOT NULL,
      digest ${NAME} NOT NULL REFERENCES blob (digest),
      PRIMARY KEY (job_id, name)
    )`,
    `CREATE INDEX input_digest ON input (digest)`,

    // Ids may be any UUID, so that a delivery's id no longer tells which one is newer.
    `ALTER TABLE delivery ADD COLUMN job_number BIGINT NOT NULL DEFAULT 0`,
    `UPDATE delivery SET job_number = (SELECT number FROM job WHERE job.id = delivery.job_id)`,
    `DROP INDEX delivery_state`,
    `CREATE INDEX delivery_state ON delivery (state, job_number, id)`,
    `CREATE INDEX delivery_newest ON delivery (job_number, id)`,

    `ALTER TABLE worker ADD COLUMN restricted_to TEXT`, // JSON: what its token is restricted to
    `ALTER TABLE token ADD COLUMN lanes TEXT`, // JSON: what a worker's token is restricted to
  ],
}
