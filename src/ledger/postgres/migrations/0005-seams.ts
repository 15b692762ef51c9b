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
    `CREATE INDEX job_group ON job (group_name, number) WHERE group_name IS NOT NULL`,

    // Uploaded bytes. While there is a row, the bytes are in the store.
    `CREATE TABLE blob (
      digest ${NAME} PRIMARY KEY,
      size BIGINT NOT NULL,
      uploader ${NAME} NOT NULL,                -- id of the token; may name it while nobody else does
      stored_at BIGINT NOT NULL
    )`,
    `CREATE INDEX blob_stored ON blob (stored_at)`,
    `CREATE TABLE input (
      job_id ${NAME} NOT NULL REFERENCES job (id) ON DELETE CASCADE,
      name ${NAME} NOT NULL,
      digest ${NAME} NOT NULL REFERENCES blob (digest),
      PRIMARY KEY (job_id, name)
    )`,
    `CREATE INDEX input_digest ON input (digest)`,

    `ALTER TABLE token ADD COLUMN lanes TEXT`, // JSON: what a worker's token is restricted to
  ],
}
