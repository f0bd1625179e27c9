/** Table of webhook deliveries. Comes after that of the requests. Of version 1: frozen text. @module */

/** One row for each request and final state; what was delivered stays, as a record. */
export const webhookTables = `
CREATE TABLE webhook_deliveries (
  id text PRIMARY KEY CHECK (id ~ '^wh_[0-9a-f]{32}$'),
  request_id text NOT NULL REFERENCES requests (id),
  state text NOT NULL,
  url text NOT NULL CHECK (length(url) <= 2048),
  origin text NOT NULL,
  body text NOT NULL CHECK (octet_length(body) <= 65536),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  lease_until timestamptz,
  delivered_at timestamptz,
  given_up_at timestamptz,
  last_status integer,
  last_error_code text,
  UNIQUE (request_id, state),
  CHECK (delivered_at IS NULL OR given_up_at IS NULL)
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_attempt_at)
  WHERE delivered_at IS NULL AND given_up_at IS NULL;
`
