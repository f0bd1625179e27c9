/** Tables of requests, their items, approvals and what was spent. Of version 1: frozen text. @module */

/** Constraints say once more what the code says: nobody approves what they asked for. */
export const requestTables = `
CREATE TABLE requests (
  id text PRIMARY KEY,
  function text NOT NULL,
  requester text NOT NULL,
  idempotency_key text NOT NULL,
  body_hash text NOT NULL,
  digest text NOT NULL,
  cadence_hash text NOT NULL,
  amount bigint NOT NULL,
  item_count integer NOT NULL CHECK (item_count BETWEEN 1 AND 1000),
  done_count integer NOT NULL DEFAULT 0,
  failed_count integer NOT NULL DEFAULT 0,
  state text NOT NULL CHECK (state IN
    ('waiting', 'ready', 'released', 'done', 'partly-failed', 'failed', 'cancelled', 'expired')),
  key_indexes integer[],
  webhook_url text,
  reason_code text,
  reason text,
  search text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL,
  ready_at timestamptz,
  decided_at timestamptz,
  finished_at timestamptz,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  position bigint GENERATED ALWAYS AS IDENTITY,
  UNIQUE (requester, idempotency_key),
  UNIQUE (id, requester)
);
CREATE INDEX requests_open ON requests (state, position)
  WHERE state IN ('waiting', 'ready', 'released');
CREATE INDEX requests_newest ON requests (position DESC);
CREATE INDEX requests_by_function ON requests (function, position DESC);
CREATE INDEX requests_updated ON requests (updated_at);

CREATE TABLE items (
  request_id text NOT NULL REFERENCES requests (id),
  item_index integer NOT NULL,
  job_id text NOT NULL UNIQUE,
  arguments jsonb NOT NULL,
  amount bigint NOT NULL,
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN
    ('waiting', 'submitted', 'done', 'failed', 'cancelled', 'quarantined')),
  decided_on date,
  transaction_id text,
  block_height bigint,
  nft_id text,
  error_code text,
  reason text,
  finished_at timestamptz,
  PRIMARY KEY (request_id, item_index)
);
CREATE INDEX items_submitted ON items (request_id) WHERE state IN ('submitted', 'quarantined');

CREATE TABLE approvals (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  request_id text NOT NULL,
  requester text NOT NULL,
  approver text NOT NULL,
  digest text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL,
  withdrawn_at timestamptz,
  FOREIGN KEY (request_id, requester) REFERENCES requests (id, requester),
  CHECK (approver <> requester)
);
CREATE UNIQUE INDEX approvals_once ON approvals (request_id, approver) WHERE withdrawn_at IS NULL;

CREATE TABLE spending (
  function text NOT NULL,
  day date NOT NULL,
  amount bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (function, day)
);
`
