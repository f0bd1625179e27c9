/** Tables of the reconciliation with CloudTrail. Of version 3: frozen text. @module */

/**
 * `reconciliation` is one row: how far it came, and when it is due. `reconciliation_findings` has what
 * was found once, however often it is seen again. Webhooks also tell of what is no request.
 */
export const reconciliationTables = `
CREATE TABLE reconciliation (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  until_ms bigint NOT NULL DEFAULT 0,
  verdict text NOT NULL DEFAULT 'none',
  next_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
INSERT INTO reconciliation DEFAULT VALUES;
CREATE TABLE reconciliation_findings (
  id text PRIMARY KEY,
  kind text NOT NULL,
  found_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX reconciliation_findings_by_time ON reconciliation_findings (kind, found_at);
ALTER TABLE webhook_deliveries DROP CONSTRAINT webhook_deliveries_request_id_fkey;
`
