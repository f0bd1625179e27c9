SET check_function_bodies = false;
CREATE SCHEMA mint_admin;
CREATE FUNCTION mint_admin.audit_append_only() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  RAISE EXCEPTION 'The audit trail is append-only: % of % is refused', TG_OP, TG_TABLE_NAME;
END $$;
CREATE FUNCTION mint_admin.audit_head_forward() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF NEW.sequence <= OLD.sequence OR NEW.at_ms < OLD.at_ms THEN
    RAISE EXCEPTION 'The head of the audit trail only moves forward';
  END IF;
  RETURN NEW;
END $$;
CREATE TABLE mint_admin.approvals (
    id bigint NOT NULL,
    request_id text NOT NULL,
    requester text NOT NULL,
    approver text NOT NULL,
    digest text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    withdrawn_at timestamp with time zone,
    CONSTRAINT approvals_check CHECK ((approver <> requester))
);
ALTER TABLE mint_admin.approvals ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME mint_admin.approvals_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE mint_admin.audit (
    sequence bigint NOT NULL,
    at_ms bigint NOT NULL,
    kind text NOT NULL,
    actor text NOT NULL,
    body text NOT NULL,
    previous_hash text NOT NULL,
    hash text NOT NULL,
    CONSTRAINT audit_body_check CHECK ((octet_length(body) <= 65536)),
    CONSTRAINT audit_sequence_check CHECK ((sequence > 0))
);
CREATE TABLE mint_admin.audit_head (
    single boolean DEFAULT true NOT NULL,
    sequence bigint NOT NULL,
    at_ms bigint NOT NULL,
    hash text NOT NULL,
    CONSTRAINT audit_head_single_check CHECK (single)
);
CREATE TABLE mint_admin.audit_requests (
    request_id text NOT NULL,
    sequence bigint NOT NULL
);
CREATE TABLE mint_admin.items (
    request_id text NOT NULL,
    item_index integer NOT NULL,
    job_id text NOT NULL,
    arguments jsonb NOT NULL,
    amount bigint NOT NULL,
    state text DEFAULT 'waiting'::text NOT NULL,
    decided_on date,
    transaction_id text,
    block_height bigint,
    nft_id text,
    error_code text,
    reason text,
    finished_at timestamp with time zone,
    CONSTRAINT items_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'submitted'::text, 'done'::text, 'failed'::text, 'cancelled'::text, 'quarantined'::text])))
);
CREATE TABLE mint_admin.migrations (
    version integer NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
CREATE TABLE mint_admin.nonces (
    token_id text NOT NULL,
    nonce text NOT NULL,
    expires_at timestamp with time zone NOT NULL
);
CREATE TABLE mint_admin.requests (
    id text NOT NULL,
    function text NOT NULL,
    requester text NOT NULL,
    idempotency_key text NOT NULL,
    body_hash text NOT NULL,
    digest text NOT NULL,
    cadence_hash text NOT NULL,
    amount bigint NOT NULL,
    item_count integer NOT NULL,
    done_count integer DEFAULT 0 NOT NULL,
    failed_count integer DEFAULT 0 NOT NULL,
    state text NOT NULL,
    key_indexes integer[],
    webhook_url text,
    reason_code text,
    reason text,
    search text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ready_at timestamp with time zone,
    decided_at timestamp with time zone,
    finished_at timestamp with time zone,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    "position" bigint NOT NULL,
    CONSTRAINT requests_item_count_check CHECK (((item_count >= 1) AND (item_count <= 1000))),
    CONSTRAINT requests_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'ready'::text, 'released'::text, 'done'::text, 'partly-failed'::text, 'failed'::text, 'cancelled'::text, 'expired'::text])))
);
ALTER TABLE mint_admin.requests ALTER COLUMN "position" ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME mint_admin.requests_position_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE mint_admin.sessions (
    id_hash text NOT NULL,
    token_id text NOT NULL,
    principal text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT sessions_id_hash_check CHECK ((id_hash ~ '^[0-9a-f]{64}$'::text))
);
CREATE TABLE mint_admin.spending (
    function text NOT NULL,
    day date NOT NULL,
    amount bigint DEFAULT 0 NOT NULL
);
CREATE TABLE mint_admin.tokens (
    id text NOT NULL,
    principal text NOT NULL,
    roles text[] NOT NULL,
    description text NOT NULL,
    token_hash text NOT NULL,
    signature_key bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    last_used_on date,
    CONSTRAINT tokens_id_check CHECK ((id ~ '^tk_[0-9a-f]{32}$'::text)),
    CONSTRAINT tokens_principal_check CHECK ((principal ~ '^[A-Za-z0-9._@:|/+-]{1,128}$'::text)),
    CONSTRAINT tokens_roles_check CHECK (((cardinality(roles) > 0) AND (roles <@ ARRAY['requester'::text, 'approver'::text, 'operator'::text, 'auditor'::text]))),
    CONSTRAINT tokens_signature_key_check CHECK ((length(signature_key) = 32)),
    CONSTRAINT tokens_token_hash_check CHECK ((token_hash ~ '^[0-9a-f]{64}$'::text))
);
CREATE TABLE mint_admin.webhook_deliveries (
    id text NOT NULL,
    request_id text NOT NULL,
    state text NOT NULL,
    url text NOT NULL,
    origin text NOT NULL,
    body text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    lease_until timestamp with time zone,
    delivered_at timestamp with time zone,
    given_up_at timestamp with time zone,
    last_status integer,
    last_error_code text,
    CONSTRAINT webhook_deliveries_body_check CHECK ((octet_length(body) <= 65536)),
    CONSTRAINT webhook_deliveries_check CHECK (((delivered_at IS NULL) OR (given_up_at IS NULL))),
    CONSTRAINT webhook_deliveries_id_check CHECK ((id ~ '^wh_[0-9a-f]{32}$'::text)),
    CONSTRAINT webhook_deliveries_url_check CHECK ((length(url) <= 2048))
);
INSERT INTO mint_admin.approvals OVERRIDING SYSTEM VALUE VALUES (1, 'rq_ebfae5cdb798dff6da8f7d2b6c9552c2', 'shop', 'alice', '22347f17f5938489359363366c6612b3502db044054e7134e4dea2f10ea24f1e', '2026-11-28 10:51:01.874291+00', '2026-11-28 11:51:01.874291+00', NULL);
INSERT INTO mint_admin.approvals OVERRIDING SYSTEM VALUE VALUES (2, 'rq_209a42a8c8a8863b80c02a848220b45b', 'shop', 'bob', 'c9899001f73da56d37f9a713da752d562edbd463a5ea28dcb03e5eecddb08750', '2026-11-28 10:51:01.984395+00', '2026-11-28 11:51:01.984395+00', NULL);
INSERT INTO mint_admin.audit VALUES (1, 1795863061833, 'request', 'shop', '{"actor":"shop","at":1795863061833,"facts":{"amount":1,"cadenceHash":"fe72bcc9cc1ad4e494e7a089a1de1476de353065fe98beb18a4f2272259ef6c5","digest":"26b88bd336320e872189e890b13f28e4cd68ed63bbc5d5dd1b380378cdc7e3da","function":"mint","items":1,"state":"waiting"},"kind":"request","requestIds":["rq_8e62de6bc7ee786e49e0133b1e2441de"],"sequence":1}', '0000000000000000000000000000000000000000000000000000000000000000', '1145ecc557eeb317c50eb86a3535c9663609556c4d6a23773f621107ff8b043c');
INSERT INTO mint_admin.audit VALUES (2, 1795863061861, 'request', 'shop', '{"actor":"shop","at":1795863061861,"facts":{"amount":1,"cadenceHash":"fe72bcc9cc1ad4e494e7a089a1de1476de353065fe98beb18a4f2272259ef6c5","digest":"22347f17f5938489359363366c6612b3502db044054e7134e4dea2f10ea24f1e","function":"mint","items":1,"state":"waiting"},"kind":"request","requestIds":["rq_ebfae5cdb798dff6da8f7d2b6c9552c2"],"sequence":2}', '1145ecc557eeb317c50eb86a3535c9663609556c4d6a23773f621107ff8b043c', 'c4ff4e06ca77ac5cf894d70aba824fac79cc8efd078fe725b549b70f66334945');
INSERT INTO mint_admin.audit VALUES (3, 1795863061889, 'approval', 'alice', '{"actor":"alice","at":1795863061889,"facts":{"digest":"22347f17f5938489359363366c6612b3502db044054e7134e4dea2f10ea24f1e","keyIndexes":[1],"state":"ready"},"kind":"approval","requestIds":["rq_ebfae5cdb798dff6da8f7d2b6c9552c2"],"sequence":3}', 'c4ff4e06ca77ac5cf894d70aba824fac79cc8efd078fe725b549b70f66334945', 'ec807da2e3bc974741378b7b44b1e10650a2f3a95100a7857451a3fa2b91d356');
INSERT INTO mint_admin.audit VALUES (4, 1795863061979, 'request', 'shop', '{"actor":"shop","at":1795863061979,"facts":{"amount":2,"cadenceHash":"fe72bcc9cc1ad4e494e7a089a1de1476de353065fe98beb18a4f2272259ef6c5","digest":"c9899001f73da56d37f9a713da752d562edbd463a5ea28dcb03e5eecddb08750","function":"mint","items":2,"state":"waiting"},"kind":"request","requestIds":["rq_209a42a8c8a8863b80c02a848220b45b"],"sequence":4}', 'ec807da2e3bc974741378b7b44b1e10650a2f3a95100a7857451a3fa2b91d356', 'f7d9ff08dfe40515fcbb421ff4914113e727c5fc6aa0da493c4bede6ae40158d');
INSERT INTO mint_admin.audit VALUES (5, 1795863061985, 'approval', 'bob', '{"actor":"bob","at":1795863061985,"facts":{"digest":"c9899001f73da56d37f9a713da752d562edbd463a5ea28dcb03e5eecddb08750","keyIndexes":[1],"state":"ready"},"kind":"approval","requestIds":["rq_209a42a8c8a8863b80c02a848220b45b"],"sequence":5}', 'f7d9ff08dfe40515fcbb421ff4914113e727c5fc6aa0da493c4bede6ae40158d', '4340b1225a5d000b5e4215f0fb5e90959028117d1cf60651d5bd502ef3fb1c2f');
INSERT INTO mint_admin.audit VALUES (6, 1795863062004, 'request', 'shop', '{"actor":"shop","at":1795863062004,"facts":{"amount":1,"cadenceHash":"fe72bcc9cc1ad4e494e7a089a1de1476de353065fe98beb18a4f2272259ef6c5","digest":"3022967c74d486c452e5e470b36e6f1122ddd6c65390fa590c27e8aadf6dfd02","function":"mint","items":1,"state":"waiting"},"kind":"request","requestIds":["rq_2b9406ea0d18a60d8b7dd8e299ac6272"],"sequence":6}', '4340b1225a5d000b5e4215f0fb5e90959028117d1cf60651d5bd502ef3fb1c2f', '69c080ea2799aee3df2d0f7b00754c6fe46fd3be1dff3037ca7f4ee685d403b0');
INSERT INTO mint_admin.audit VALUES (7, 1795863062028, 'cancellation', 'shop', '{"actor":"shop","at":1795863062028,"facts":{"items":1,"of":1,"reason":"test"},"kind":"cancellation","requestIds":["rq_2b9406ea0d18a60d8b7dd8e299ac6272"],"sequence":7}', '69c080ea2799aee3df2d0f7b00754c6fe46fd3be1dff3037ca7f4ee685d403b0', 'ebab2bc2facc5a5b9695b9de0a177d6c3beda68a6ffdd454b3429813e7b58b3b');
INSERT INTO mint_admin.audit_head VALUES (true, 7, 1795863062028, 'ebab2bc2facc5a5b9695b9de0a177d6c3beda68a6ffdd454b3429813e7b58b3b');
INSERT INTO mint_admin.audit_requests VALUES ('rq_8e62de6bc7ee786e49e0133b1e2441de', 1);
INSERT INTO mint_admin.audit_requests VALUES ('rq_ebfae5cdb798dff6da8f7d2b6c9552c2', 2);
INSERT INTO mint_admin.audit_requests VALUES ('rq_ebfae5cdb798dff6da8f7d2b6c9552c2', 3);
INSERT INTO mint_admin.audit_requests VALUES ('rq_209a42a8c8a8863b80c02a848220b45b', 4);
INSERT INTO mint_admin.audit_requests VALUES ('rq_209a42a8c8a8863b80c02a848220b45b', 5);
INSERT INTO mint_admin.audit_requests VALUES ('rq_2b9406ea0d18a60d8b7dd8e299ac6272', 6);
INSERT INTO mint_admin.audit_requests VALUES ('rq_2b9406ea0d18a60d8b7dd8e299ac6272', 7);
INSERT INTO mint_admin.items VALUES ('rq_8e62de6bc7ee786e49e0133b1e2441de', 0, 'rq_8e62de6bc7ee786e49e0133b1e2441de-0', '["{\"type\":\"String\",\"value\":\"rq_8e62de6bc7ee786e49e0133b1e2441de-0\"}", "{\"type\":\"Address\",\"value\":\"0x179b6b1cb6755e31\"}", "{\"type\":\"String\",\"value\":\"Waits\"}", "{\"type\":\"String\",\"value\":\"\"}", "{\"type\":\"String\",\"value\":\"https://example.com/1.png\"}", "{\"type\":\"Optional\",\"value\":null}", "{\"type\":\"Optional\",\"value\":null}", "{\"type\":\"Optional\",\"value\":null}", "{\"type\":\"Optional\",\"value\":null}", "{\"type\":\"Dictionary\",\"value\":[]}", "{\"type\":\"Dictionary\",\"value\":[]}"]', 1, 'waiting', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO mint_admin.items VALUES ('rq_ebfae5cdb798dff6da8f7d2b6c9552c2', 0, 'rq_ebfae5cdb798dff6da8f7d2b6c9552c2-0', '["{\"type\":\"String\",\"value\":\"rq_ebfae5cdb798dff6da8f7d2b6c9552c2-0\"}", "{\"type\":\"Address\",\"value\":\"0x179b6b1cb6755e31\"}", "{\"type\":\"String\",\"value\":\"Released\"}", "{\"type\":\"String\",\"value\":\"\"}", "{\"type\":\"String\",\"value\":\"https://example.com/1.png\"}", "{\"type\":\"Optional\",\"value\":null}", "{\"type\":\"Optional\",\"value\":null}", "{\"type\":\"Optional\",\"value\":null}", "{\"type\":\"Optional\",\"value\":null}", "{\"type\":\"Dictionary\",\"value\":[]}", "{\"type\":\"Dictionary\",\"value\":[]}"]', 1, 'submitted', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO mint_admin.items VALUES ('rq_209a42a8c8a8863b80c02a848220b45b', 0, 'rq_209a42a8c8a8863b80c02a848220b45b-0', '["{\"type\":\"String\",\"value\":\"rq_209a42a8c8a8863b80c02a848220b45b-0\"}", "{\"type\":\"Address\",\"value\":\"0x179b6b1cb6755e31\"}", "{\"type\":\"String\",\"value\":\"Ready\"}", "{\"type\":\"String\",\"value\":\"\"}", "{\"type\":\"String\",\"value\":\"https://example.com/1.png\"}", "{\"type\":\"Optional\",\"value\":null}", "{\"type\":\"Optional\",\"value\":null}", "{\"type\":\"Optional\",\"value\":null}", "{\"type\":\"Optional\",\"value\":null}", "{\"type\":\"Dictionary\",\"value\":[]}", "{\"type\":\"Dictionary\",\"value\":[]}"]', 1, 'waiting', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO mint_admin.items VALUES ('rq_209a42a8c8a8863b80c02a848220b45b', 1, 'rq_209a42a8c8a8863b80c02a848220b45b-1', '["{\"type\":\"String\",\"value\":\"rq_209a42a8c8a8863b80c02a848220b45b-1\"}", "{\"type\":\"Address\",\"value\":\"0x179b6b1cb6755e31\"}", "{\"type\":\"String\",\"value\":\"Ready too\"}", "{\"type\":\"String\",\"value\":\"\"}", "{\"type\":\"String\",\"value\":\"https://example.com/1.png\"}", "{\"type\":\"Optional\",\"value\":null}", "{\"type\":\"Optional\",\"value\":null}", "{\"type\":\"Optional\",\"value\":null}", "{\"type\":\"Optional\",\"value\":null}", "{\"type\":\"Dictionary\",\"value\":[]}", "{\"type\":\"Dictionary\",\"value\":[]}"]', 1, 'waiting', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO mint_admin.items VALUES ('rq_2b9406ea0d18a60d8b7dd8e299ac6272', 0, 'rq_2b9406ea0d18a60d8b7dd8e299ac6272-0', '["{\"type\":\"String\",\"value\":\"rq_2b9406ea0d18a60d8b7dd8e299ac6272-0\"}", "{\"type\":\"Address\",\"value\":\"0x179b6b1cb6755e31\"}", "{\"type\":\"String\",\"value\":\"Cancelled\"}", "{\"type\":\"String\",\"value\":\"\"}", "{\"type\":\"String\",\"value\":\"https://example.com/1.png\"}", "{\"type\":\"Optional\",\"value\":null}", "{\"type\":\"Optional\",\"value\":null}", "{\"type\":\"Optional\",\"value\":null}", "{\"type\":\"Optional\",\"value\":null}", "{\"type\":\"Dictionary\",\"value\":[]}", "{\"type\":\"Dictionary\",\"value\":[]}"]', 1, 'cancelled', NULL, NULL, NULL, NULL, 'REQUEST_CANCELLED', 'test', '2026-11-28 10:51:02.023646+00');
INSERT INTO mint_admin.migrations VALUES (1, '2026-11-28 10:51:01.776515+00');
INSERT INTO mint_admin.requests OVERRIDING SYSTEM VALUE VALUES ('rq_8e62de6bc7ee786e49e0133b1e2441de', 'mint', 'shop', 'waits', '7da2440df945db58c0e018272ed788ba0e5a179f9b97a2c5200ae89403c11ee9', '26b88bd336320e872189e890b13f28e4cd68ed63bbc5d5dd1b380378cdc7e3da', 'fe72bcc9cc1ad4e494e7a089a1de1476de353065fe98beb18a4f2272259ef6c5', 1, 1, 0, 0, 'waiting', NULL, NULL, NULL, NULL, 'shop mint mint "waits" for 0x179b6b1cb6755e31', '2026-11-28 10:51:01.828335+00', '2026-11-28 12:51:01.828334+00', NULL, NULL, NULL, '2026-11-28 10:51:01.828335+00', 1);
INSERT INTO mint_admin.requests OVERRIDING SYSTEM VALUE VALUES ('rq_ebfae5cdb798dff6da8f7d2b6c9552c2', 'mint', 'shop', 'released', 'c563830be19c381c63ba5180ed281af9369be18448a2a9bdfd03fbba261e2941', '22347f17f5938489359363366c6612b3502db044054e7134e4dea2f10ea24f1e', 'fe72bcc9cc1ad4e494e7a089a1de1476de353065fe98beb18a4f2272259ef6c5', 1, 1, 0, 0, 'released', '{0,1}', NULL, NULL, NULL, 'shop mint mint "released" for 0x179b6b1cb6755e31', '2026-11-28 10:51:01.860649+00', '2026-11-28 12:51:01.860648+00', '2026-11-28 10:51:01.888807+00', NULL, NULL, '2026-11-28 10:51:01.948154+00', 2);
INSERT INTO mint_admin.requests OVERRIDING SYSTEM VALUE VALUES ('rq_209a42a8c8a8863b80c02a848220b45b', 'mint', 'shop', 'ready', 'b4334d282c351a73efceeb1c657a44128b6d30360c522ebf3a8bfeb0d7da1a21', 'c9899001f73da56d37f9a713da752d562edbd463a5ea28dcb03e5eecddb08750', 'fe72bcc9cc1ad4e494e7a089a1de1476de353065fe98beb18a4f2272259ef6c5', 2, 2, 0, 0, 'ready', NULL, NULL, NULL, NULL, 'shop mint mint "ready" for 0x179b6b1cb6755e31 mint "ready too" for 0x179b6b1cb6755e31', '2026-11-28 10:51:01.97227+00', '2026-11-28 12:51:01.972269+00', '2026-11-28 10:51:01.985183+00', NULL, NULL, '2026-11-28 10:51:01.985183+00', 3);
INSERT INTO mint_admin.requests OVERRIDING SYSTEM VALUE VALUES ('rq_2b9406ea0d18a60d8b7dd8e299ac6272', 'mint', 'shop', 'cancelled', '838c8efdad85d6754120b3467fbae0bd13576482b3e82b962ee2299ded5c47de', '3022967c74d486c452e5e470b36e6f1122ddd6c65390fa590c27e8aadf6dfd02', 'fe72bcc9cc1ad4e494e7a089a1de1476de353065fe98beb18a4f2272259ef6c5', 1, 1, 0, 0, 'cancelled', NULL, NULL, NULL, NULL, 'shop mint mint "cancelled" for 0x179b6b1cb6755e31', '2026-11-28 10:51:02.003488+00', '2026-11-28 12:51:02.003487+00', NULL, NULL, '2026-11-28 10:51:02.028084+00', '2026-11-28 10:51:02.028084+00', 4);
INSERT INTO mint_admin.sessions VALUES ('7ab4781c2f11edad41ac1733515c80d182bbc3cdbd4fc935176cf5c838026df6', 'tk_1d76d75bd0dc022d5b7b96f958d46739', 'alice', '2026-11-28 10:51:02.062+00', '2026-11-28 10:51:02.062+00', '2026-11-28 11:51:02.062+00', NULL);
INSERT INTO mint_admin.tokens VALUES ('tk_1d76d75bd0dc022d5b7b96f958d46739', 'alice', '{approver}', 'alice', '7025c8bf7002517a7d5930935ed8bc39f50a9dbe50a12706ee9153e6b49d2338', '\xe5c72a4036822efc1b9c567d50baefbe9d92d4b6fad02098fa98ec35f8d5cfac', '2026-11-28 10:51:02.041+00', 'setup', '2027-11-29 10:51:02.041+00', NULL, NULL);
SELECT pg_catalog.setval('mint_admin.approvals_id_seq', 2, true);
SELECT pg_catalog.setval('mint_admin.requests_position_seq', 4, true);
ALTER TABLE ONLY mint_admin.approvals
    ADD CONSTRAINT approvals_pkey PRIMARY KEY (id);
ALTER TABLE ONLY mint_admin.audit_head
    ADD CONSTRAINT audit_head_pkey PRIMARY KEY (single);
ALTER TABLE ONLY mint_admin.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (sequence);
ALTER TABLE ONLY mint_admin.audit_requests
    ADD CONSTRAINT audit_requests_pkey PRIMARY KEY (request_id, sequence);
ALTER TABLE ONLY mint_admin.items
    ADD CONSTRAINT items_job_id_key UNIQUE (job_id);
ALTER TABLE ONLY mint_admin.items
    ADD CONSTRAINT items_pkey PRIMARY KEY (request_id, item_index);
ALTER TABLE ONLY mint_admin.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (version);
ALTER TABLE ONLY mint_admin.nonces
    ADD CONSTRAINT nonces_pkey PRIMARY KEY (token_id, nonce);
ALTER TABLE ONLY mint_admin.requests
    ADD CONSTRAINT requests_id_requester_key UNIQUE (id, requester);
ALTER TABLE ONLY mint_admin.requests
    ADD CONSTRAINT requests_pkey PRIMARY KEY (id);
ALTER TABLE ONLY mint_admin.requests
    ADD CONSTRAINT requests_requester_idempotency_key_key UNIQUE (requester, idempotency_key);
ALTER TABLE ONLY mint_admin.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id_hash);
ALTER TABLE ONLY mint_admin.spending
    ADD CONSTRAINT spending_pkey PRIMARY KEY (function, day);
ALTER TABLE ONLY mint_admin.tokens
    ADD CONSTRAINT tokens_pkey PRIMARY KEY (id);
ALTER TABLE ONLY mint_admin.tokens
    ADD CONSTRAINT tokens_token_hash_key UNIQUE (token_hash);
ALTER TABLE ONLY mint_admin.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (id);
ALTER TABLE ONLY mint_admin.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_request_id_state_key UNIQUE (request_id, state);
CREATE UNIQUE INDEX approvals_once ON mint_admin.approvals USING btree (request_id, approver) WHERE (withdrawn_at IS NULL);
CREATE INDEX audit_by_actor ON mint_admin.audit USING btree (actor, sequence);
CREATE INDEX audit_by_kind ON mint_admin.audit USING btree (kind, sequence);
CREATE INDEX audit_requests_by_sequence ON mint_admin.audit_requests USING btree (sequence);
CREATE INDEX items_submitted ON mint_admin.items USING btree (request_id) WHERE (state = ANY (ARRAY['submitted'::text, 'quarantined'::text]));
CREATE INDEX nonces_by_expiry ON mint_admin.nonces USING btree (expires_at);
CREATE INDEX requests_by_function ON mint_admin.requests USING btree (function, "position" DESC);
CREATE INDEX requests_newest ON mint_admin.requests USING btree ("position" DESC);
CREATE INDEX requests_open ON mint_admin.requests USING btree (state, "position") WHERE (state = ANY (ARRAY['waiting'::text, 'ready'::text, 'released'::text]));
CREATE INDEX requests_updated ON mint_admin.requests USING btree (updated_at);
CREATE INDEX sessions_by_expiry ON mint_admin.sessions USING btree (expires_at);
CREATE INDEX sessions_by_token ON mint_admin.sessions USING btree (token_id);
CREATE INDEX webhook_deliveries_due ON mint_admin.webhook_deliveries USING btree (next_attempt_at) WHERE ((delivered_at IS NULL) AND (given_up_at IS NULL));
CREATE TRIGGER audit_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON mint_admin.audit FOR EACH STATEMENT EXECUTE FUNCTION mint_admin.audit_append_only();
ALTER TABLE mint_admin.audit ENABLE ALWAYS TRIGGER audit_append_only;
CREATE TRIGGER audit_append_only BEFORE INSERT OR DELETE OR TRUNCATE ON mint_admin.audit_head FOR EACH STATEMENT EXECUTE FUNCTION mint_admin.audit_append_only();
ALTER TABLE mint_admin.audit_head ENABLE ALWAYS TRIGGER audit_append_only;
CREATE TRIGGER audit_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON mint_admin.audit_requests FOR EACH STATEMENT EXECUTE FUNCTION mint_admin.audit_append_only();
ALTER TABLE mint_admin.audit_requests ENABLE ALWAYS TRIGGER audit_append_only;
CREATE TRIGGER audit_head_forward BEFORE UPDATE ON mint_admin.audit_head FOR EACH ROW EXECUTE FUNCTION mint_admin.audit_head_forward();
ALTER TABLE mint_admin.audit_head ENABLE ALWAYS TRIGGER audit_head_forward;
ALTER TABLE ONLY mint_admin.approvals
    ADD CONSTRAINT approvals_request_id_requester_fkey FOREIGN KEY (request_id, requester) REFERENCES mint_admin.requests(id, requester);
ALTER TABLE ONLY mint_admin.items
    ADD CONSTRAINT items_request_id_fkey FOREIGN KEY (request_id) REFERENCES mint_admin.requests(id);
ALTER TABLE ONLY mint_admin.nonces
    ADD CONSTRAINT nonces_token_id_fkey FOREIGN KEY (token_id) REFERENCES mint_admin.tokens(id);
ALTER TABLE ONLY mint_admin.sessions
    ADD CONSTRAINT sessions_token_id_fkey FOREIGN KEY (token_id) REFERENCES mint_admin.tokens(id);
ALTER TABLE ONLY mint_admin.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_request_id_fkey FOREIGN KEY (request_id) REFERENCES mint_admin.requests(id);
RESET check_function_bodies;
