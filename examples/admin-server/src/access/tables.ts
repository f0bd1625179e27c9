/** Tables of tokens, sessions and nonces. No secret is in them that would let anybody in. Of version 1: frozen text. @module */

/**
 * A token and a session cookie are kept as SHA-256: both are 32 random bytes, so a plain hash cannot
 * be guessed back. `signature_key` is derived from the token by HKDF; alone it authenticates nobody.
 */
export const accessTables = `
CREATE TABLE tokens (
  id text PRIMARY KEY CHECK (id ~ '^tk_[0-9a-f]{32}$'),
  principal text NOT NULL CHECK (principal ~ '^[A-Za-z0-9._@:|/+-]{1,128}$'),
  roles text[] NOT NULL CHECK (
    cardinality(roles) > 0
    AND roles <@ ARRAY['requester', 'approver', 'operator', 'auditor']::text[]
  ),
  description text NOT NULL,
  token_hash text NOT NULL UNIQUE CHECK (token_hash ~ '^[0-9a-f]{64}$'),
  signature_key bytea NOT NULL CHECK (length(signature_key) = 32),
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  last_used_on date
);

CREATE TABLE sessions (
  id_hash text PRIMARY KEY CHECK (id_hash ~ '^[0-9a-f]{64}$'),
  token_id text NOT NULL REFERENCES tokens (id),
  principal text NOT NULL,
  created_at timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  ended_at timestamptz
);
CREATE INDEX sessions_by_token ON sessions (token_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE nonces (
  token_id text NOT NULL REFERENCES tokens (id),
  nonce text NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (token_id, nonce)
);
CREATE INDEX nonces_by_expiry ON nonces (expires_at);
`
