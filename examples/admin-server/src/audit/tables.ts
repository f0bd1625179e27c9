/** Tables of the audit trail. Names are unqualified: whoever runs this sets the search path. @module */

/** UTF-8 bytes of one record's canonical text at most. */
export const MAX_BODY_BYTES = 65_536

/** What the hash of the first record builds on. */
export const FIRST_HASH: string = '0'.repeat(64)

/**
 * Of version 1, and so frozen text, in which the two values above stand once more. `audit` is the
 * chain, `audit_head` its one end, `audit_requests` an index that is not hashed but is compared when
 * the chain is verified.
 */
export const auditTables = `
CREATE TABLE audit (
  sequence bigint PRIMARY KEY CHECK (sequence > 0),
  at_ms bigint NOT NULL,
  kind text NOT NULL,
  actor text NOT NULL,
  body text NOT NULL CHECK (octet_length(body) <= 65536),
  previous_hash text NOT NULL,
  hash text NOT NULL
);
CREATE INDEX audit_by_kind ON audit (kind, sequence);
CREATE INDEX audit_by_actor ON audit (actor, sequence);

CREATE TABLE audit_requests (
  request_id text NOT NULL,
  sequence bigint NOT NULL,
  PRIMARY KEY (request_id, sequence)
);
CREATE INDEX audit_requests_by_sequence ON audit_requests (sequence);

CREATE TABLE audit_head (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  sequence bigint NOT NULL,
  at_ms bigint NOT NULL,
  hash text NOT NULL
);
INSERT INTO audit_head (sequence, at_ms, hash) VALUES (0, 0, '0000000000000000000000000000000000000000000000000000000000000000');
`

/**
 * Triggers refuse what an append does not do (SQLSTATE P0001); they are ALWAYS, since an ordinary one
 * is silent under `session_replication_role = replica`. Who owns the tables can drop them: that is
 * what the chain and its anchors are for.
 */
export const auditFunctions = `
CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'The audit trail is append-only: % of % is refused', TG_OP, TG_TABLE_NAME;
END $$;
CREATE OR REPLACE FUNCTION audit_head_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.sequence <= OLD.sequence OR NEW.at_ms < OLD.at_ms THEN
    RAISE EXCEPTION 'The head of the audit trail only moves forward';
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
  FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();
CREATE OR REPLACE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_requests
  FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();
CREATE OR REPLACE TRIGGER audit_append_only BEFORE INSERT OR DELETE OR TRUNCATE ON audit_head
  FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();
CREATE OR REPLACE TRIGGER audit_head_forward BEFORE UPDATE ON audit_head
  FOR EACH ROW EXECUTE FUNCTION audit_head_forward();
ALTER TABLE audit ENABLE ALWAYS TRIGGER audit_append_only;
ALTER TABLE audit_requests ENABLE ALWAYS TRIGGER audit_append_only;
ALTER TABLE audit_head ENABLE ALWAYS TRIGGER audit_append_only;
ALTER TABLE audit_head ENABLE ALWAYS TRIGGER audit_head_forward;
`
