import type { Migration } from '../../migration.ts'

const NAME = 'TEXT COLLATE "C"'

/**
 * Adds the submitter, origin, group, demands, hold and input files of jobs, and the lane
 * restrictions of tokens.
 */
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

    // The uploads. As long as a row exists, the bytes with its digest are in the store.
    `CREATE TABLE blob (
      digest ${NAME} PRIMARY KEY,
      size BIGINT NOT NULL,
      stored_at BIGINT NOT NULL                         -- the last time
    )`,
    `CREATE INDEX blob_stored ON blob (stored_at)`,
    // The tokens with which each blob was uploaded. Until a job names the blob as an input, only
    // jobs submitted with one of these tokens may name it.
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

    // A delivery's id begins with its job's id. Submitters may now choose any UUID as a job's id,
    // so sorting deliveries by id no longer sorts them by age. Therefore each row also stores the
    // number of its job.
    `ALTER TABLE delivery ADD COLUMN job_number BIGINT NOT NULL DEFAULT 0`,
    `UPDATE delivery SET job_number = (SELECT number FROM job WHERE job.id = delivery.job_id)`,
    `DROP INDEX delivery_state`,
    `CREATE INDEX delivery_state ON delivery (state, job_number, id)`,
    `CREATE INDEX delivery_newest ON delivery (job_number, id)`,

    `ALTER TABLE worker ADD COLUMN restricted_to TEXT`, // JSON: the lanes that its token is restricted to
    `ALTER TABLE token ADD COLUMN lanes TEXT`, // JSON: the lanes that a worker's token is restricted to
  ],
}
