import type { Migration } from '../../migration.ts'

/**
 * The first schema. A row of the table `job` is small: the payload is stored in another table,
 * because it is large and never changes, and the lease is stored in the table `attempt`, because it
 * changes often. lease_until has no index, because each renewal would have to update the index, and
 * few attempts run at once.
 */
export const jobs: Migration = {
  version: 1,
  name: 'jobs',
  statements: [
    `CREATE TABLE job (
      number INTEGER PRIMARY KEY AUTOINCREMENT, -- order of arrival, whatever the clock says
      id TEXT NOT NULL UNIQUE,
      kind TEXT NOT NULL,
      title TEXT NOT NULL,
      search TEXT NOT NULL,                     -- lower-case title and id
      priority INTEGER NOT NULL,
      labels TEXT NOT NULL,                     -- JSON, sorted
      locks TEXT NOT NULL,                      -- JSON, sorted
      lane TEXT NOT NULL,                       -- kind and labels: who can serve it
      limits TEXT NOT NULL,
      retry TEXT NOT NULL,
      idempotency_key TEXT UNIQUE,
      request_digest TEXT NOT NULL,
      retry_of TEXT REFERENCES job (id) ON DELETE SET NULL,
      state TEXT NOT NULL
        CHECK (state IN ('queued', 'running', 'paused', 'succeeded', 'failed', 'cancelled')),
      reason TEXT,
      detail TEXT NOT NULL DEFAULT '',
      attempt INTEGER NOT NULL DEFAULT 0,
      failures INTEGER NOT NULL DEFAULT 0,
      not_before INTEGER,                       -- backing off until then; null once it is due
      parked_on TEXT,                           -- the held key it waits for
      woken_for TEXT,                           -- the free key it was unparked for
      cancel_requested_at INTEGER,
      resume_at INTEGER,
      locks_until INTEGER,                      -- a pause keeps its locks until then
      publication TEXT,
      summary TEXT,
      usage TEXT,                               -- sum over the attempts
      created_at INTEGER NOT NULL,
      started_at INTEGER,
      ended_at INTEGER,
      -- The lane while the job may be claimed. A column, so that its index is the only way to it.
      ready_lane TEXT GENERATED ALWAYS AS (
        CASE WHEN state = 'queued' AND parked_on IS NULL AND not_before IS NULL THEN lane END
      ) VIRTUAL,
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
      job_id TEXT PRIMARY KEY REFERENCES job (id) ON DELETE CASCADE,
      payload TEXT NOT NULL
    ) WITHOUT ROWID`,

    `CREATE TABLE job_lock (
      key TEXT PRIMARY KEY,
      job_id TEXT NOT NULL REFERENCES job (id),
      attempt INTEGER NOT NULL
    ) WITHOUT ROWID`,
    `CREATE INDEX job_lock_job ON job_lock (job_id)`,

    `CREATE TABLE attempt (
      job_id TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
      attempt INTEGER NOT NULL,
      worker_id TEXT NOT NULL,
      worker TEXT NOT NULL,
      boot_id TEXT NOT NULL,
      sandbox TEXT NOT NULL,
      held_by TEXT NOT NULL,
      request_id TEXT,                          -- null once it ended
      token_hash TEXT NOT NULL,
      lease_ms INTEGER NOT NULL,
      lease_until INTEGER NOT NULL,
      claimed_at INTEGER NOT NULL,
      renewed_at INTEGER NOT NULL,
      ended_at INTEGER,
      outcome TEXT,                             -- what the worker said at the end
      told INTEGER NOT NULL DEFAULT 0,          -- how many worker events are in
      agent_started INTEGER NOT NULL DEFAULT 0,
      step TEXT,
      usage TEXT,
      PRIMARY KEY (job_id, attempt),
      UNIQUE (held_by, worker_id, request_id)
    ) WITHOUT ROWID`,
    `CREATE UNIQUE INDEX attempt_running ON attempt (job_id) WHERE ended_at IS NULL`,

    `CREATE TABLE event (
      job_id TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
      seq INTEGER NOT NULL,
      at INTEGER NOT NULL,
      attempt INTEGER,
      type TEXT NOT NULL,
      body TEXT NOT NULL,
      -- The job, when a later attempt will want the event.
      kept_for TEXT GENERATED ALWAYS AS (
        CASE WHEN type IN ('checkpoint', 'publication-intended', 'agent-session') THEN job_id END
      ) VIRTUAL,
      PRIMARY KEY (job_id, seq)
    ) WITHOUT ROWID`,
    `CREATE INDEX event_kept ON event (kept_for, type, seq) WHERE kept_for IS NOT NULL`,

    `CREATE TABLE artifact (
      job_id TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
      attempt INTEGER NOT NULL,
      name TEXT NOT NULL,
      digest TEXT NOT NULL,
      size INTEGER NOT NULL,
      media_type TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      PRIMARY KEY (job_id, attempt, name)
    ) WITHOUT ROWID`,
    `CREATE INDEX artifact_digest ON artifact (digest)`,

    `CREATE TABLE worker (
      id TEXT PRIMARY KEY,
      identity TEXT NOT NULL,
      seen_at INTEGER NOT NULL
    ) WITHOUT ROWID`,

    `CREATE TABLE token (
      id TEXT PRIMARY KEY,
      hash TEXT NOT NULL UNIQUE,
      name TEXT NOT NULL,
      scopes TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      expires_at INTEGER,
      revoked_at INTEGER,
      last_used_at INTEGER
    ) WITHOUT ROWID`,

    `CREATE TABLE probe (id INTEGER PRIMARY KEY CHECK (id = 1), at INTEGER NOT NULL)`,

    // Counting a million rows takes a third of a second, so triggers maintain the counts.
    `CREATE TABLE job_count (
      kind TEXT NOT NULL,
      state TEXT NOT NULL,
      jobs INTEGER NOT NULL,
      PRIMARY KEY (kind, state)
    ) WITHOUT ROWID`,
    `CREATE TRIGGER job_count_insert AFTER INSERT ON job BEGIN
      INSERT INTO job_count (kind, state, jobs) VALUES (new.kind, new.state, 1)
        ON CONFLICT (kind, state) DO UPDATE SET jobs = jobs + 1;
    END`,
    `CREATE TRIGGER job_count_update AFTER UPDATE OF state ON job
      WHEN new.state <> old.state
    BEGIN
      UPDATE job_count SET jobs = jobs - 1 WHERE kind = old.kind AND state = old.state;
      INSERT INTO job_count (kind, state, jobs) VALUES (new.kind, new.state, 1)
        ON CONFLICT (kind, state) DO UPDATE SET jobs = jobs + 1;
    END`,
    `CREATE TRIGGER job_count_delete AFTER DELETE ON job BEGIN
      UPDATE job_count SET jobs = jobs - 1 WHERE kind = old.kind AND state = old.state;
    END`,
  ],
}
