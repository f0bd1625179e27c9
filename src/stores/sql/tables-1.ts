/** The tables of version 1, and what the database itself refuses. Released: frozen text. @module */

/**
 * `state` of an attempt: `open`, `executed`, `sealed`, `dead`, `unclear`. `open` of an attempt's job
 * is true while the job is in flight with just this transaction. The unique indexes repeat what the
 * statements check: a fault in one of them must not sign two transactions for one number or one job.
 *
 * `jobs_in_order` does not begin with the address, so that no plan takes it to find one job.
 *
 * @param schema - Quoted.
 */
export const tables1 = (schema: string): string => `
CREATE TABLE ${schema}.proposal_keys (
  address text NOT NULL,
  key_index bigint NOT NULL CHECK (key_index BETWEEN 0 AND 4294967295),
  sequence_number numeric(20) NOT NULL CHECK (sequence_number BETWEEN 0 AND 18446744073709551615),
  fence bigint NOT NULL DEFAULT 0,
  state text NOT NULL DEFAULT 'free'
    CHECK (state IN ('free', 'leased', 'in-flight', 'quarantined')),
  holder text,
  lease_until timestamptz,
  used_at timestamptz NOT NULL DEFAULT '-infinity',
  transaction_id text,
  reference_block_id text,
  reason text,
  PRIMARY KEY (address, key_index),
  CHECK (state NOT IN ('leased', 'in-flight') OR (holder IS NOT NULL AND lease_until IS NOT NULL))
) WITH (fillfactor = 50);

CREATE TABLE ${schema}.scripts (
  address text NOT NULL,
  hash text NOT NULL,
  source text NOT NULL,
  PRIMARY KEY (address, hash)
);

CREATE TABLE ${schema}.jobs (
  position bigint GENERATED ALWAYS AS IDENTITY,
  address text NOT NULL,
  id text NOT NULL CHECK (length(id) BETWEEN 1 AND 128),
  intent_hash text NOT NULL,
  script text,
  arguments json NOT NULL,
  compute_limit bigint NOT NULL,
  batch text,
  batch_group text,
  state text NOT NULL DEFAULT 'queued' CHECK (state IN
    ('queued', 'claimed', 'in-flight', 'done', 'failed', 'cancelled', 'quarantined')),
  fence bigint NOT NULL DEFAULT 0,
  attempts bigint NOT NULL DEFAULT 0,
  batch_limit bigint,
  transaction_id text,
  block_height bigint,
  executed boolean NOT NULL DEFAULT false,
  error_code text,
  reason text,
  holder text,
  lease_until timestamptz,
  not_before timestamptz NOT NULL DEFAULT '-infinity',
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz,
  PRIMARY KEY (address, id),
  FOREIGN KEY (address, script) REFERENCES ${schema}.scripts,
  CHECK ((state IN ('done', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
  CHECK (state <> 'claimed' OR (holder IS NOT NULL AND lease_until IS NOT NULL))
);
CREATE UNIQUE INDEX jobs_in_order ON ${schema}.jobs (position, address);
CREATE INDEX jobs_unfinished ON ${schema}.jobs (address, position) INCLUDE (state)
  WHERE state IN ('queued', 'claimed', 'in-flight', 'quarantined');
CREATE INDEX jobs_finished ON ${schema}.jobs (address, finished_at) INCLUDE (state)
  WHERE state IN ('done', 'failed', 'cancelled');
CREATE INDEX jobs_claimed ON ${schema}.jobs (holder) WHERE state = 'claimed';
CREATE INDEX jobs_by_script ON ${schema}.jobs (address, script) WHERE script IS NOT NULL;

CREATE TABLE ${schema}.attempts (
  position bigint GENERATED ALWAYS AS IDENTITY,
  transaction_id text PRIMARY KEY,
  address text NOT NULL,
  key_index bigint NOT NULL,
  sequence_number numeric(20) NOT NULL,
  fence bigint NOT NULL,
  state text NOT NULL DEFAULT 'open'
    CHECK (state IN ('open', 'executed', 'sealed', 'dead', 'unclear')),
  holder text NOT NULL,
  lease_until timestamptz NOT NULL,
  transaction bytea NOT NULL,
  reference_block_id text NOT NULL,
  reference_height bigint NOT NULL,
  block_height bigint,
  FOREIGN KEY (address, key_index) REFERENCES ${schema}.proposal_keys
);
CREATE UNIQUE INDEX attempts_alive ON ${schema}.attempts (address, key_index, sequence_number)
  WHERE state IN ('open', 'executed');
CREATE INDEX attempts_open ON ${schema}.attempts (address, key_index)
  WHERE state IN ('open', 'executed');
CREATE INDEX attempts_held ON ${schema}.attempts (holder) WHERE state IN ('open', 'executed');

CREATE TABLE ${schema}.attempt_jobs (
  transaction_id text NOT NULL REFERENCES ${schema}.attempts ON DELETE CASCADE,
  place integer NOT NULL,
  address text NOT NULL,
  job_id text NOT NULL,
  open boolean NOT NULL DEFAULT true,
  PRIMARY KEY (transaction_id, place),
  FOREIGN KEY (address, job_id) REFERENCES ${schema}.jobs ON DELETE CASCADE
);
CREATE INDEX attempt_jobs_of_job ON ${schema}.attempt_jobs (address, job_id);
CREATE UNIQUE INDEX attempt_jobs_open ON ${schema}.attempt_jobs (address, job_id) WHERE open;

CREATE TABLE ${schema}.relays (
  address text PRIMARY KEY,
  paused boolean NOT NULL DEFAULT false,
  hold_code text,
  hold_reason text
);

CREATE TABLE ${schema}.turns (
  name text PRIMARY KEY,
  next_at timestamptz NOT NULL
);
`
