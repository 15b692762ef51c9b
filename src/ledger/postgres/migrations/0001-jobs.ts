import type { Migration } from '../../migration.ts'

/** Type of columns whose text is compared by bytes, independent of the database's locale. */
const NAME = 'TEXT COLLATE "C"'

/**
 * The first schema. It has the same tables as SQLite's, with these differences: names are compared
 * by bytes, generated columns are stored, and each connection has its own rows of job counts, so
 * that concurrent transactions do not wait for each other to update one counter.
 */
export const jobs: Migration = {
  version: 1,
  name: 'jobs',
  statements: [
    `CREATE TABLE job (
      number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- order of arrival
      id ${NAME} NOT NULL UNIQUE,
      kind ${NAME} NOT NULL,
      title TEXT NOT NULL,
      search TEXT NOT NULL,                     -- lower-case title and id
      priority INTEGER NOT NULL,
      labels TEXT NOT NULL,                     -- JSON, sorted
      locks TEXT NOT NULL,                      -- JSON, sorted
      lane ${NAME} NOT NULL,                    -- kind and labels: who can serve it
      limits TEXT NOT NULL,
      retry TEXT NOT NULL,
      idempotency_key ${NAME} UNIQUE,
      request_digest TEXT NOT NULL,
      retry_of ${NAME} REFERENCES job (id) ON DELETE SET NULL,
      state ${NAME} NOT NULL
        CHECK (state IN ('queued', 'running', 'paused', 'succeeded', 'failed', 'cancelled')),
      reason TEXT,
      detail TEXT NOT NULL DEFAULT '',
      attempt INTEGER NOT NULL DEFAULT 0,
      failures INTEGER NOT NULL DEFAULT 0,
      not_before BIGINT,                        -- backing off until then; null once it is due
      parked_on ${NAME},                        -- the held key it waits for
      woken_for ${NAME},                        -- the free key it was unparked for
      cancel_requested_at BIGINT,
      resume_at BIGINT,
      locks_until BIGINT,                       -- a pause keeps its locks until then
      publication TEXT,
      summary TEXT,
      usage TEXT,                               -- sum over the attempts
      created_at BIGINT NOT NULL,
      started_at BIGINT,
      ended_at BIGINT,
      -- The lane while the job may be claimed. A column, so that its index is the only way to it.
      ready_lane ${NAME} GENERATED ALWAYS AS (
        CASE WHEN state = 'queued' AND parked_on IS NULL AND not_before IS NULL THEN lane END
      ) STORED,
      CHECK (parked_on IS NULL OR (state = 'queued' AND not_before IS NULL AND woken_for IS NULL)),
      CHECK (woken_for IS NULL OR state = 'queued'),
      CHECK (ended_at IS NULL OR state IN ('succeeded', 'failed', 'cancelled'))
    )`,
    `CREATE INDEX job_ready ON job (ready_lane, priority DESC, number)
      WHERE ready_lane IS NOT NULL`,
    `CREATE INDEX job_parked ON job (parked_on, lane, priority DESC, number)
      WHERE parked_on IS NOT NULL`,
    `CREATE INDEX job_woken ON job (woken_for, lane) WHERE woken_for IS NOT NULL`,
    `CREATE INDEX job_backing_off ON job (not_before) WHERE not_before IS NOT NULL`,
    `CREATE INDEX job_keeping_locks ON job (locks_until) WHERE locks_until IS NOT NULL`,
    `CREATE INDEX job_retry_of ON job (retry_of) WHERE retry_of IS NOT NULL`,
    `CREATE INDEX job_state ON job (state, number)`,

    `CREATE TABLE payload (
      job_id ${NAME} PRIMARY KEY REFERENCES job (id) ON DELETE CASCADE,
      payload TEXT NOT NULL
    )`,

    `CREATE TABLE job_lock (
      key ${NAME} PRIMARY KEY,
      job_id ${NAME} NOT NULL REFERENCES job (id),
      attempt INTEGER NOT NULL
    )`,
    `CREATE INDEX job_lock_job ON job_lock (job_id)`,

    // lease_until has no index, because each renewal would have to update it. Without it, the
    // running attempts are still found quickly, because few attempts run at once.
    `CREATE TABLE attempt (
      job_id ${NAME} NOT NULL REFERENCES job (id) ON DELETE CASCADE,
      attempt INTEGER NOT NULL,
      worker_id ${NAME} NOT NULL,
      worker TEXT NOT NULL,
      boot_id TEXT NOT NULL,
      sandbox TEXT NOT NULL,
      held_by ${NAME} NOT NULL,
      request_id ${NAME},                       -- null once it ended
      token_hash TEXT NOT NULL,
      lease_ms BIGINT NOT NULL,
      lease_until BIGINT NOT NULL,
      claimed_at BIGINT NOT NULL,
      renewed_at BIGINT NOT NULL,
      ended_at BIGINT,
      outcome TEXT,                             -- what the worker said at the end
      told INTEGER NOT NULL DEFAULT 0,          -- how many worker events are in
      agent_started INTEGER NOT NULL DEFAULT 0,
      step TEXT,
      usage TEXT,
      PRIMARY KEY (job_id, attempt),
      UNIQUE (held_by, worker_id, request_id)
    ) WITH (fillfactor = 70)`,
    `CREATE UNIQUE INDEX attempt_running ON attempt (job_id) WHERE ended_at IS NULL`,

    `CREATE TABLE event (
      job_id ${NAME} NOT NULL REFERENCES job (id) ON DELETE CASCADE,
      seq INTEGER NOT NULL,
      at BIGINT NOT NULL,
      attempt INTEGER,
      type ${NAME} NOT NULL,
      body TEXT NOT NULL,
      -- The job, when a later attempt will want the event.
      kept_for ${NAME} GENERATED ALWAYS AS (
        CASE WHEN type IN ('checkpoint', 'publication-intended', 'agent-session') THEN job_id END
      ) STORED,
      PRIMARY KEY (job_id, seq)
    )`,
    `CREATE INDEX event_kept ON event (kept_for, type, seq) WHERE kept_for IS NOT NULL`,

    `CREATE TABLE artifact (
      job_id ${NAME} NOT NULL REFERENCES job (id) ON DELETE CASCADE,
      attempt INTEGER NOT NULL,
      name ${NAME} NOT NULL,
      digest ${NAME} NOT NULL,
      size BIGINT NOT NULL,
      media_type TEXT NOT NULL,
      created_at BIGINT NOT NULL,
      PRIMARY KEY (job_id, attempt, name)
    )`,
    `CREATE INDEX artifact_digest ON artifact (digest)`,

    `CREATE TABLE worker (
      id ${NAME} PRIMARY KEY,
      identity TEXT NOT NULL,
      seen_at BIGINT NOT NULL
    )`,

    `CREATE TABLE token (
      id ${NAME} PRIMARY KEY,
      hash ${NAME} NOT NULL UNIQUE,
      name TEXT NOT NULL,
      scopes TEXT NOT NULL,
      created_at BIGINT NOT NULL,
      expires_at BIGINT,
      revoked_at BIGINT,
      last_used_at BIGINT
    )`,

    `CREATE TABLE probe (id INTEGER PRIMARY KEY CHECK (id = 1), at BIGINT NOT NULL)`,

    `CREATE TABLE job_count_of_connection (
      kind ${NAME} NOT NULL,
      state ${NAME} NOT NULL,
      connection INTEGER NOT NULL,              -- its server process; 0 for those that are gone
      jobs BIGINT NOT NULL,                     -- may be negative; the sum never is
      PRIMARY KEY (kind, state, connection)
    ) WITH (fillfactor = 70)`,
    `CREATE VIEW job_count AS
      SELECT kind, state, sum(jobs)::BIGINT AS jobs FROM job_count_of_connection
      GROUP BY kind, state`,
    `CREATE FUNCTION count_job(of_kind TEXT, in_state TEXT, more INTEGER) RETURNS VOID AS $$
      INSERT INTO job_count_of_connection (kind, state, connection, jobs)
      VALUES (of_kind, in_state, pg_backend_pid(), more)
      ON CONFLICT (kind, state, connection)
        DO UPDATE SET jobs = job_count_of_connection.jobs + excluded.jobs
    $$ LANGUAGE sql`,
    `CREATE FUNCTION count_jobs() RETURNS TRIGGER AS $$
    BEGIN
      IF TG_OP = 'UPDATE' AND new.state = old.state THEN RETURN NULL; END IF;
      IF TG_OP <> 'INSERT' THEN PERFORM count_job(old.kind, old.state, -1); END IF;
      IF TG_OP <> 'DELETE' THEN PERFORM count_job(new.kind, new.state, 1); END IF;
      RETURN NULL;
    END
    $$ LANGUAGE plpgsql`,
    `CREATE TRIGGER job_counted AFTER INSERT OR UPDATE OF state OR DELETE ON job
      FOR EACH ROW EXECUTE FUNCTION count_jobs()`,
  ],
}
