SET check_function_bodies = false;
CREATE SCHEMA fcl_kms;
CREATE FUNCTION fcl_kms.add_jobs(the_address text, given jsonb, sources jsonb, max_open bigint) RETURNS SETOF text
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
DECLARE
  room bigint;
  added text[];
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('"fcl_kms".jobs ' || the_address, 0));
  room := max_open - coalesce(1 + (SELECT position FROM "fcl_kms".jobs
      WHERE address = the_address AND state IN ('queued', 'claimed') ORDER BY position DESC LIMIT 1)
    - (SELECT position FROM "fcl_kms".jobs
      WHERE address = the_address AND state IN ('queued', 'claimed') ORDER BY position LIMIT 1), 0);
  IF room < jsonb_array_length(given) THEN
    SELECT max_open - count(*) INTO room FROM "fcl_kms".jobs
      WHERE address = the_address AND state IN ('queued', 'claimed');
  END IF;
  INSERT INTO "fcl_kms".scripts (address, hash, source)
    SELECT the_address, key, value FROM jsonb_each_text(sources) WHERE room > 0
    ON CONFLICT DO NOTHING;
  WITH firsts AS (
    SELECT DISTINCT ON (value->>'id') value AS job, ordinality AS place
      FROM jsonb_array_elements(given) WITH ORDINALITY ORDER BY value->>'id', ordinality
  ), fresh AS (
    SELECT job FROM firsts LEFT JOIN LATERAL (
      SELECT id FROM "fcl_kms".jobs WHERE address = the_address AND id = job->>'id'
      OFFSET 0) AS known ON true
    WHERE known.id IS NULL ORDER BY place LIMIT greatest(room, 0)
  ), stored AS (
    INSERT INTO "fcl_kms".jobs
      (address, id, intent_hash, script, arguments, compute_limit, batch,
        batch_group)
    SELECT the_address, job->>'id', job->>'intentHash', job->>'script', (job->'arguments')::json,
      (job->>'computeLimit')::bigint, job->>'batch', job->>'batchGroup' FROM fresh
    RETURNING id
  ) SELECT coalesce(array_agg(id), '{}') INTO added FROM stored;
  RETURN QUERY SELECT json_build_object(
      'job', CASE WHEN found.job IS DISTINCT FROM NULL
        THEN "fcl_kms".job_json(found.job)::json END,
      'created', g.value->>'id' = ANY (added) AND g.ordinality = g.earliest)::text
    FROM (SELECT value, ordinality, min(ordinality) OVER (PARTITION BY value->>'id') AS earliest
      FROM jsonb_array_elements(given) WITH ORDINALITY) AS g
    LEFT JOIN LATERAL (SELECT j AS job FROM "fcl_kms".jobs AS j
      WHERE j.address = the_address AND j.id = g.value->>'id' OFFSET 0) AS found ON true
    ORDER BY g.ordinality;
END
$$;
CREATE TABLE fcl_kms.attempts (
    "position" bigint NOT NULL,
    transaction_id text NOT NULL,
    address text NOT NULL,
    key_index bigint NOT NULL,
    sequence_number numeric(20,0) NOT NULL,
    fence bigint NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    holder text NOT NULL,
    lease_until timestamp with time zone NOT NULL,
    transaction bytea NOT NULL,
    reference_block_id text NOT NULL,
    reference_height bigint NOT NULL,
    block_height bigint,
    CONSTRAINT attempts_state_check CHECK ((state = ANY (ARRAY['open'::text, 'executed'::text, 'sealed'::text, 'dead'::text, 'unclear'::text])))
);
CREATE FUNCTION fcl_kms.attempt_json(a fcl_kms.attempts) RETURNS text
    LANGUAGE sql STABLE
    AS $$
  SELECT json_build_object('transactionId', a.transaction_id, 'address', a.address,
    'keyIndex', a.key_index, 'sequenceNumber', a.sequence_number::text, 'fence', a.fence,
    'transaction', encode(a.transaction, 'hex'), 'referenceHeight', a.reference_height,
    'jobIds', coalesce((SELECT json_agg(r.job_id ORDER BY r.place) FROM "fcl_kms".attempt_jobs AS r
      WHERE r.transaction_id = a.transaction_id), '[]'),
    'blockHeight', a.block_height, 'state', a.state)::text
$$;
CREATE FUNCTION fcl_kms.extend(the_holder text, span interval) RETURNS SETOF text
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
BEGIN
  WITH held AS (
    SELECT address, key_index FROM "fcl_kms".proposal_keys
    WHERE holder = the_holder AND state IN ('leased', 'in-flight')
    ORDER BY address, key_index FOR UPDATE
  ) UPDATE "fcl_kms".proposal_keys AS k SET lease_until = clock_timestamp() + span
    FROM held WHERE k.address = held.address AND k.key_index = held.key_index;
  WITH held AS (
    SELECT transaction_id FROM "fcl_kms".attempts
    WHERE holder = the_holder AND state IN ('open', 'executed')
    ORDER BY transaction_id FOR UPDATE
  ) UPDATE "fcl_kms".attempts AS a SET lease_until = clock_timestamp() + span
    FROM held WHERE a.transaction_id = held.transaction_id;
  WITH held AS (
    SELECT address, id FROM "fcl_kms".jobs WHERE holder = the_holder AND state = 'claimed'
    ORDER BY address, id FOR UPDATE
  ) UPDATE "fcl_kms".jobs AS j SET lease_until = clock_timestamp() + span
    FROM held WHERE j.address = held.address AND j.id = held.id;
END
$$;
CREATE TABLE fcl_kms.jobs (
    "position" bigint NOT NULL,
    address text NOT NULL,
    id text NOT NULL,
    intent_hash text NOT NULL,
    script text,
    arguments json NOT NULL,
    compute_limit bigint NOT NULL,
    batch text,
    batch_group text,
    state text DEFAULT 'queued'::text NOT NULL,
    fence bigint DEFAULT 0 NOT NULL,
    attempts bigint DEFAULT 0 NOT NULL,
    batch_limit bigint,
    transaction_id text,
    block_height bigint,
    executed boolean DEFAULT false NOT NULL,
    error_code text,
    reason text,
    holder text,
    lease_until timestamp with time zone,
    not_before timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    finished_at timestamp with time zone,
    CONSTRAINT jobs_check CHECK (((state = ANY (ARRAY['done'::text, 'failed'::text, 'cancelled'::text])) = (finished_at IS NOT NULL))),
    CONSTRAINT jobs_check1 CHECK (((state <> 'claimed'::text) OR ((holder IS NOT NULL) AND (lease_until IS NOT NULL)))),
    CONSTRAINT jobs_id_check CHECK (((length(id) >= 1) AND (length(id) <= 128))),
    CONSTRAINT jobs_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'claimed'::text, 'in-flight'::text, 'done'::text, 'failed'::text, 'cancelled'::text, 'quarantined'::text])))
);
CREATE FUNCTION fcl_kms.job_json(j fcl_kms.jobs) RETURNS text
    LANGUAGE sql STABLE
    AS $$
  SELECT json_build_object('address', j.address, 'id', j.id, 'intentHash', j.intent_hash,
    'cadence', coalesce((SELECT s.source FROM "fcl_kms".scripts AS s
      WHERE s.address = j.address AND s.hash = j.script), ''),
    'arguments', j.arguments, 'computeLimit', j.compute_limit, 'batch', j.batch,
    'batchGroup', j.batch_group,
    'state', j.state, 'fence', j.fence, 'attempts', j.attempts, 'batchLimit', j.batch_limit,
    'transactionId', j.transaction_id, 'blockHeight', j.block_height, 'executed', j.executed,
    'errorCode', j.error_code, 'reason', j.reason,
    'createdAt', floor(extract(epoch FROM j.created_at) * 1000),
    'finishedAt', floor(extract(epoch FROM j.finished_at) * 1000))::text
$$;
CREATE TABLE fcl_kms.proposal_keys (
    address text NOT NULL,
    key_index bigint NOT NULL,
    sequence_number numeric(20,0) NOT NULL,
    fence bigint DEFAULT 0 NOT NULL,
    state text DEFAULT 'free'::text NOT NULL,
    holder text,
    lease_until timestamp with time zone,
    used_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    transaction_id text,
    reference_block_id text,
    reason text,
    CONSTRAINT proposal_keys_check CHECK (((state <> ALL (ARRAY['leased'::text, 'in-flight'::text])) OR ((holder IS NOT NULL) AND (lease_until IS NOT NULL)))),
    CONSTRAINT proposal_keys_key_index_check CHECK (((key_index >= 0) AND (key_index <= '4294967295'::bigint))),
    CONSTRAINT proposal_keys_sequence_number_check CHECK (((sequence_number >= (0)::numeric) AND (sequence_number <= '18446744073709551615'::numeric))),
    CONSTRAINT proposal_keys_state_check CHECK ((state = ANY (ARRAY['free'::text, 'leased'::text, 'in-flight'::text, 'quarantined'::text])))
)
WITH (fillfactor='50');
CREATE FUNCTION fcl_kms.key_json(k fcl_kms.proposal_keys) RETURNS text
    LANGUAGE sql STABLE
    AS $$
  SELECT json_build_object('address', k.address, 'keyIndex', k.key_index,
    'sequenceNumber', k.sequence_number::text, 'fence', k.fence, 'state', k.state,
    'transactionId', k.transaction_id, 'referenceBlockId', k.reference_block_id,
    'reason', k.reason)::text
$$;
CREATE FUNCTION fcl_kms.open_attempts(given jsonb) RETURNS SETOF text
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
  item jsonb;
  claim jsonb;
  key "fcl_kms".proposal_keys;
  job "fcl_kms".jobs;
  claimed text[];
  until timestamptz;
BEGIN
  FOR item IN SELECT value FROM jsonb_array_elements(given)
    ORDER BY value->>'address', (value->>'keyIndex')::bigint
  LOOP
    PERFORM FROM "fcl_kms".proposal_keys AS k
      WHERE k.address = item->>'address' AND k.key_index = (item->>'keyIndex')::bigint FOR UPDATE;
  END LOOP;
  FOR item, claim IN SELECT g.value, c.value
    FROM jsonb_array_elements(given) AS g, jsonb_array_elements(g.value->'jobs') AS c
    ORDER BY g.value->>'address', c.value->>'id'
  LOOP
    PERFORM FROM "fcl_kms".jobs AS j
      WHERE j.address = item->>'address' AND j.id = claim->>'id' FOR UPDATE;
  END LOOP;
  <<items>>
  FOR item IN SELECT value FROM jsonb_array_elements(given) WITH ORDINALITY ORDER BY ordinality LOOP
    SELECT * INTO key FROM "fcl_kms".proposal_keys AS k
      WHERE k.address = item->>'address' AND k.key_index = (item->>'keyIndex')::bigint;
    IF NOT FOUND OR key.state <> 'leased' OR key.lease_until <= clock_timestamp()
      OR key.fence <> (item->>'fence')::bigint
      OR key.sequence_number <> (item->>'sequenceNumber')::numeric
    THEN
      RETURN NEXT 'false';
      CONTINUE;
    END IF;
    claimed := '{}';
    FOR claim IN SELECT value FROM jsonb_array_elements(item->'jobs') LOOP
      SELECT * INTO job FROM "fcl_kms".jobs AS j
        WHERE j.address = key.address AND j.id = claim->>'id';
      IF NOT FOUND OR job.state <> 'claimed' OR job.lease_until <= clock_timestamp()
        OR job.fence <> (claim->>'fence')::bigint OR job.id = ANY (claimed)
        OR EXISTS (SELECT FROM "fcl_kms".attempt_jobs AS r
          WHERE r.address = job.address AND r.job_id = job.id AND r.open)
      THEN
        RETURN NEXT 'false';
        CONTINUE items;
      END IF;
      claimed := claimed || job.id;
    END LOOP;
    until := clock_timestamp() + (item->>'leaseMs')::double precision * interval '1 millisecond';
    INSERT INTO "fcl_kms".attempts (transaction_id, address, key_index, sequence_number, fence,
        holder, lease_until, transaction, reference_block_id, reference_height)
      VALUES (item->>'transactionId', key.address, key.key_index, key.sequence_number, key.fence,
        key.holder, until, decode(item->>'transaction', 'hex'), item->>'referenceBlockId',
        (item->>'referenceHeight')::bigint)
      ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
      RETURN NEXT 'false';
      CONTINUE;
    END IF;
    INSERT INTO "fcl_kms".attempt_jobs (transaction_id, place, address, job_id)
      SELECT item->>'transactionId', place, key.address, id
      FROM unnest(claimed) WITH ORDINALITY AS c(id, place);
    UPDATE "fcl_kms".proposal_keys AS k SET state = 'in-flight', lease_until = until,
        transaction_id = item->>'transactionId', reference_block_id = item->>'referenceBlockId'
      WHERE k.address = key.address AND k.key_index = key.key_index;
    FOR place IN 1 .. cardinality(claimed) LOOP
      UPDATE "fcl_kms".jobs AS j SET state = 'in-flight', attempts = j.attempts + 1,
          holder = NULL, lease_until = NULL, executed = false, block_height = NULL,
          transaction_id = item->>'transactionId', error_code = NULL, reason = NULL
        WHERE j.address = key.address AND j.id = claimed[place];
    END LOOP;
    RETURN NEXT 'true';
  END LOOP;
END
$$;
CREATE FUNCTION fcl_kms.prune(the_address text, age interval) RETURNS SETOF text
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
DECLARE
  before timestamptz := clock_timestamp() - age;
  pruned text[];
  transactions text[];
BEGIN
  SELECT coalesce(array_agg(id), '{}') INTO pruned FROM (
    SELECT id FROM "fcl_kms".jobs WHERE address = the_address AND finished_at < before
      AND state IN ('done', 'failed', 'cancelled')
    ORDER BY position FOR UPDATE SKIP LOCKED) AS old_jobs;
  SELECT coalesce(array_agg(DISTINCT transaction_id), '{}') INTO transactions
    FROM "fcl_kms".attempt_jobs WHERE address = the_address AND job_id = ANY (pruned);
  DELETE FROM "fcl_kms".jobs WHERE address = the_address AND id = ANY (pruned);
  DELETE FROM "fcl_kms".attempts AS a
    WHERE a.transaction_id = ANY (transactions) AND a.state NOT IN ('open', 'executed')
      AND NOT EXISTS (SELECT FROM "fcl_kms".attempt_jobs AS r
        WHERE r.transaction_id = a.transaction_id);
  IF pg_try_advisory_xact_lock(hashtextextended('"fcl_kms".jobs ' || the_address, 0)) THEN
    DELETE FROM "fcl_kms".scripts AS s WHERE s.address = the_address AND NOT EXISTS (
      SELECT FROM "fcl_kms".jobs AS j WHERE j.address = the_address AND j.script = s.hash);
  END IF;
  RETURN NEXT cardinality(pruned)::text;
END
$$;
CREATE FUNCTION fcl_kms.settle_attempts(given jsonb) RETURNS SETOF text
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
  ids text[] := ARRAY(SELECT DISTINCT value->>'transactionId' AS id
    FROM jsonb_array_elements(given) ORDER BY id);
  the_id text;
  item jsonb;
  outcome text;
  attempt "fcl_kms".attempts;
  ride "fcl_kms".attempt_jobs;
  job "fcl_kms".jobs;
  all_told jsonb;
  told jsonb;
BEGIN
  FOR attempt IN SELECT a.* FROM unnest(ids) AS i(id) CROSS JOIN LATERAL (
      SELECT * FROM "fcl_kms".attempts WHERE transaction_id = i.id OFFSET 0) AS a
    ORDER BY a.address, a.key_index
  LOOP
    PERFORM FROM "fcl_kms".proposal_keys AS k
      WHERE k.address = attempt.address AND k.key_index = attempt.key_index FOR UPDATE;
  END LOOP;
  FOREACH the_id IN ARRAY ids LOOP
    PERFORM FROM "fcl_kms".attempts AS a WHERE a.transaction_id = the_id FOR UPDATE;
  END LOOP;
  FOR ride IN SELECT r.* FROM unnest(ids) AS i(id) CROSS JOIN LATERAL (
      SELECT * FROM "fcl_kms".attempt_jobs WHERE transaction_id = i.id OFFSET 0) AS r
    ORDER BY r.address, r.job_id
  LOOP
    PERFORM FROM "fcl_kms".jobs AS j
      WHERE j.address = ride.address AND j.id = ride.job_id FOR UPDATE;
  END LOOP;
  FOR item IN SELECT value FROM jsonb_array_elements(given) WITH ORDINALITY ORDER BY ordinality LOOP
    outcome := item->>'state';
    SELECT * INTO attempt FROM "fcl_kms".attempts AS a
      WHERE a.transaction_id = item->>'transactionId';
    IF NOT FOUND OR attempt.state NOT IN ('open', 'executed')
      OR attempt.fence <> (item->>'fence')::bigint
    THEN
      RETURN NEXT 'false';
      CONTINUE;
    END IF;
    UPDATE "fcl_kms".attempts AS a SET state = outcome, block_height = CASE outcome
        WHEN 'dead' THEN NULL ELSE coalesce((item->>'blockHeight')::bigint, a.block_height) END
      WHERE a.transaction_id = attempt.transaction_id;
    IF item ? 'key' THEN
      UPDATE "fcl_kms".proposal_keys AS k SET
          state = CASE WHEN item->'key' ? 'quarantine' THEN 'quarantined' ELSE 'free' END,
          reason = item->'key'->>'quarantine',
          sequence_number = (item->'key'->>'nextSequenceNumber')::numeric,
          transaction_id = CASE WHEN item->'key' ? 'quarantine' THEN k.transaction_id END,
          reference_block_id = CASE WHEN item->'key' ? 'quarantine' THEN k.reference_block_id END,
          holder = NULL, lease_until = NULL, used_at = clock_timestamp()
        WHERE k.address = attempt.address AND k.key_index = attempt.key_index
          AND k.fence = attempt.fence AND k.state = 'in-flight'
          AND k.transaction_id = attempt.transaction_id;
    END IF;
    SELECT coalesce(jsonb_object_agg(value->>'id', value ORDER BY ordinality DESC), '{}')
      INTO all_told FROM jsonb_array_elements(item->'jobs') WITH ORDINALITY;
    FOR ride IN SELECT * FROM "fcl_kms".attempt_jobs AS r
      WHERE r.transaction_id = attempt.transaction_id ORDER BY r.place
    LOOP
      SELECT * INTO job FROM "fcl_kms".jobs AS j
        WHERE j.address = ride.address AND j.id = ride.job_id;
      IF NOT ride.open OR job.state <> 'in-flight' THEN
        CONTINUE;
      END IF;
      told := coalesce(all_told->ride.job_id, '{}');
      job.state := coalesce(told->>'state', job.state);
      UPDATE "fcl_kms".jobs AS j SET
          state = job.state,
          executed = CASE WHEN job.state = 'queued' OR outcome = 'dead' THEN false
            WHEN outcome = 'unclear' THEN j.executed ELSE true END,
          transaction_id = CASE WHEN told ? 'transactionId'
            THEN told->>'transactionId' ELSE j.transaction_id END,
          block_height = CASE WHEN told ? 'blockHeight'
            THEN (told->>'blockHeight')::bigint ELSE j.block_height END,
          error_code = CASE WHEN told ? 'errorCode' THEN told->>'errorCode' ELSE j.error_code END,
          reason = CASE WHEN told ? 'reason' THEN told->>'reason' ELSE j.reason END,
          batch_limit = CASE WHEN told ? 'batchLimit'
            THEN (told->>'batchLimit')::bigint ELSE j.batch_limit END,
          not_before = clock_timestamp()
            + coalesce((told->>'delayMs')::double precision, 0) * interval '1 millisecond',
          finished_at = CASE WHEN job.state IN ('done', 'failed') THEN clock_timestamp() END
        WHERE j.address = ride.address AND j.id = ride.job_id;
      IF outcome <> 'executed' OR job.state <> 'in-flight' THEN
        UPDATE "fcl_kms".attempt_jobs AS r SET open = false
          WHERE r.transaction_id = ride.transaction_id AND r.place = ride.place;
      END IF;
    END LOOP;
    RETURN NEXT 'true';
  END LOOP;
END
$$;
CREATE TABLE fcl_kms.attempt_jobs (
    transaction_id text NOT NULL,
    place integer NOT NULL,
    address text NOT NULL,
    job_id text NOT NULL,
    open boolean DEFAULT true NOT NULL
);
ALTER TABLE fcl_kms.attempts ALTER COLUMN "position" ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME fcl_kms.attempts_position_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
ALTER TABLE fcl_kms.jobs ALTER COLUMN "position" ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME fcl_kms.jobs_position_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE fcl_kms.migrations (
    version integer NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
CREATE TABLE fcl_kms.relays (
    address text NOT NULL,
    paused boolean DEFAULT false NOT NULL,
    hold_code text,
    hold_reason text
);
CREATE TABLE fcl_kms.scripts (
    address text NOT NULL,
    hash text NOT NULL,
    source text NOT NULL
);
CREATE TABLE fcl_kms.turns (
    name text NOT NULL,
    next_at timestamp with time zone NOT NULL
);
INSERT INTO fcl_kms.attempt_jobs VALUES ('a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0', 1, '0x0000000000000001', 'open', true);
INSERT INTO fcl_kms.attempt_jobs VALUES ('a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1', 1, '0x0000000000000001', 'executed', true);
INSERT INTO fcl_kms.attempt_jobs VALUES ('a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2', 1, '0x0000000000000001', 'sealed', false);
INSERT INTO fcl_kms.attempt_jobs VALUES ('a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3', 1, '0x0000000000000001', 'dead', false);
INSERT INTO fcl_kms.attempt_jobs VALUES ('a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4', 1, '0x0000000000000001', 'unclear', false);
INSERT INTO fcl_kms.attempt_jobs VALUES ('a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5', 1, '0x0000000000000001', 'failed', false);
INSERT INTO fcl_kms.attempts OVERRIDING SYSTEM VALUE VALUES (1, 'a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0', '0x0000000000000001', 0, 10, 1, 'open', 'one', '2020-01-01 10:52:00.64661+00', '\xf800ff00', 'b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0', 1000, NULL);
INSERT INTO fcl_kms.attempts OVERRIDING SYSTEM VALUE VALUES (2, 'a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1', '0x0000000000000001', 1, 10, 1, 'executed', 'one', '2020-01-01 10:52:00.676994+00', '\xf800ff01', 'b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0', 1000, 1010);
INSERT INTO fcl_kms.attempts OVERRIDING SYSTEM VALUE VALUES (3, 'a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2', '0x0000000000000001', 2, 10, 1, 'sealed', 'one', '2020-01-01 10:52:00.725002+00', '\xf800ff02', 'b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0', 1000, 1010);
INSERT INTO fcl_kms.attempts OVERRIDING SYSTEM VALUE VALUES (4, 'a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3', '0x0000000000000001', 3, 10, 1, 'dead', 'one', '2020-01-01 10:52:00.768861+00', '\xf800ff03', 'b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0', 1000, NULL);
INSERT INTO fcl_kms.attempts OVERRIDING SYSTEM VALUE VALUES (5, 'a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4', '0x0000000000000001', 4, 10, 1, 'unclear', 'one', '2020-01-01 10:52:00.832969+00', '\xf800ff04', 'b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0', 1000, 1010);
INSERT INTO fcl_kms.attempts OVERRIDING SYSTEM VALUE VALUES (6, 'a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5', '0x0000000000000001', 5, 10, 1, 'sealed', 'one', '2020-01-01 10:52:00.864952+00', '\xf800ff05', 'b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0', 1000, 1010);
INSERT INTO fcl_kms.jobs OVERRIDING SYSTEM VALUE VALUES (1, '0x0000000000000001', 'open', '0404040404040404040404040404040404040404040404040404040404040404', '51aab64f238585702ae054a20b5d6bef3523bfb89392c1bd94f1bb2cb08db9a8', '["{\"type\":\"String\",\"value\":\"ä 漢\"}"]', 100, NULL, NULL, 'in-flight', 1, 1, NULL, 'a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0', NULL, false, NULL, NULL, NULL, NULL, '-infinity', '2020-01-01 10:51:00.614781+00', NULL);
INSERT INTO fcl_kms.jobs OVERRIDING SYSTEM VALUE VALUES (2, '0x0000000000000001', 'executed', '0808080808080808080808080808080808080808080808080808080808080808', '51aab64f238585702ae054a20b5d6bef3523bfb89392c1bd94f1bb2cb08db9a8', '["{\"type\":\"String\",\"value\":\"ä 漢\"}"]', 100, NULL, NULL, 'in-flight', 1, 1, NULL, 'a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1', NULL, true, NULL, NULL, NULL, NULL, '2020-01-01 10:51:00.686871+00', '2020-01-01 10:51:00.614972+00', NULL);
INSERT INTO fcl_kms.jobs OVERRIDING SYSTEM VALUE VALUES (3, '0x0000000000000001', 'sealed', '0606060606060606060606060606060606060606060606060606060606060606', '51aab64f238585702ae054a20b5d6bef3523bfb89392c1bd94f1bb2cb08db9a8', '["{\"type\":\"String\",\"value\":\"ä 漢\"}"]', 100, NULL, NULL, 'done', 1, 1, NULL, 'a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2', 1010, true, NULL, NULL, NULL, NULL, '2020-01-01 10:51:00.736164+00', '2020-01-01 10:51:00.614983+00', '2020-01-01 10:51:00.736164+00');
INSERT INTO fcl_kms.jobs OVERRIDING SYSTEM VALUE VALUES (4, '0x0000000000000001', 'dead', '0404040404040404040404040404040404040404040404040404040404040404', '51aab64f238585702ae054a20b5d6bef3523bfb89392c1bd94f1bb2cb08db9a8', '["{\"type\":\"String\",\"value\":\"ä 漢\"}"]', 100, NULL, NULL, 'queued', 1, 1, NULL, 'a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3', NULL, false, NULL, NULL, NULL, NULL, '2020-01-01 11:51:00.80354+00', '2020-01-01 10:51:00.614989+00', NULL);
INSERT INTO fcl_kms.jobs OVERRIDING SYSTEM VALUE VALUES (5, '0x0000000000000001', 'unclear', '0707070707070707070707070707070707070707070707070707070707070707', '51aab64f238585702ae054a20b5d6bef3523bfb89392c1bd94f1bb2cb08db9a8', '["{\"type\":\"String\",\"value\":\"ä 漢\"}"]', 100, NULL, NULL, 'quarantined', 1, 1, NULL, 'a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4', NULL, false, 'OUTCOME_UNKNOWN', 'not understood', NULL, NULL, '2020-01-01 10:51:00.84393+00', '2020-01-01 10:51:00.614994+00', NULL);
INSERT INTO fcl_kms.jobs OVERRIDING SYSTEM VALUE VALUES (6, '0x0000000000000001', 'failed', '0606060606060606060606060606060606060606060606060606060606060606', '51aab64f238585702ae054a20b5d6bef3523bfb89392c1bd94f1bb2cb08db9a8', '["{\"type\":\"String\",\"value\":\"ä 漢\"}"]', 100, NULL, NULL, 'failed', 1, 1, NULL, 'a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5', NULL, true, 'JOB_FAILED', 'no', NULL, NULL, '2020-01-01 10:51:00.868622+00', '2020-01-01 10:51:00.614998+00', '2020-01-01 10:51:00.868623+00');
INSERT INTO fcl_kms.jobs OVERRIDING SYSTEM VALUE VALUES (8, '0x0000000000000001', 'queued', '0606060606060606060606060606060606060606060606060606060606060606', '51aab64f238585702ae054a20b5d6bef3523bfb89392c1bd94f1bb2cb08db9a8', '["{\"type\":\"String\",\"value\":\"ä 漢\"}"]', 100, NULL, NULL, 'queued', 0, 0, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, '-infinity', '2020-01-01 10:51:00.874035+00', NULL);
INSERT INTO fcl_kms.jobs OVERRIDING SYSTEM VALUE VALUES (10, '0x0000000000000001', 'of-a-batch', '0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a', NULL, '["{\"type\":\"String\",\"value\":\"ä 漢\"}"]', 100, 'mint', 'drop', 'queued', 0, 0, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, '-infinity', '2020-01-01 10:51:00.89557+00', NULL);
INSERT INTO fcl_kms.jobs OVERRIDING SYSTEM VALUE VALUES (7, '0x0000000000000001', 'claimed', '0707070707070707070707070707070707070707070707070707070707070707', '51aab64f238585702ae054a20b5d6bef3523bfb89392c1bd94f1bb2cb08db9a8', '["{\"type\":\"String\",\"value\":\"ä 漢\"}"]', 100, NULL, NULL, 'claimed', 1, 0, NULL, NULL, NULL, false, NULL, NULL, 'one', '2020-01-01 10:52:00.904006+00', '-infinity', '2020-01-01 10:51:00.873968+00', NULL);
INSERT INTO fcl_kms.jobs OVERRIDING SYSTEM VALUE VALUES (9, '0x0000000000000001', 'cancelled', '0909090909090909090909090909090909090909090909090909090909090909', '51aab64f238585702ae054a20b5d6bef3523bfb89392c1bd94f1bb2cb08db9a8', '["{\"type\":\"String\",\"value\":\"ä 漢\"}"]', 100, NULL, NULL, 'cancelled', 0, 0, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, '-infinity', '2020-01-01 10:51:00.874044+00', '2020-01-01 10:51:00.912596+00');
INSERT INTO fcl_kms.migrations VALUES (1, '2020-01-01 10:51:00.578877+00');
INSERT INTO fcl_kms.proposal_keys VALUES ('0x0000000000000001', 7, 10, 0, 'free', NULL, NULL, '-infinity', NULL, NULL, NULL);
INSERT INTO fcl_kms.proposal_keys VALUES ('0x0000000000000001', 0, 10, 1, 'in-flight', 'one', '2020-01-01 10:52:00.64661+00', '2020-01-01 10:51:00.629867+00', 'a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0', 'b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0', NULL);
INSERT INTO fcl_kms.proposal_keys VALUES ('0x0000000000000001', 1, 11, 1, 'free', NULL, NULL, '2020-01-01 10:51:00.686436+00', NULL, NULL, NULL);
INSERT INTO fcl_kms.proposal_keys VALUES ('0x0000000000000001', 2, 11, 1, 'free', NULL, NULL, '2020-01-01 10:51:00.735957+00', NULL, NULL, NULL);
INSERT INTO fcl_kms.proposal_keys VALUES ('0x0000000000000001', 3, 11, 1, 'free', NULL, NULL, '2020-01-01 10:51:00.803327+00', NULL, NULL, NULL);
INSERT INTO fcl_kms.proposal_keys VALUES ('0x0000000000000001', 4, 11, 1, 'quarantined', NULL, NULL, '2020-01-01 10:51:00.843667+00', 'a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4', 'b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0', 'not understood');
INSERT INTO fcl_kms.proposal_keys VALUES ('0x0000000000000001', 5, 11, 1, 'free', NULL, NULL, '2020-01-01 10:51:00.868421+00', NULL, NULL, NULL);
INSERT INTO fcl_kms.proposal_keys VALUES ('0x0000000000000001', 6, 10, 1, 'leased', 'one', '2020-01-01 10:52:00.920711+00', '2020-01-01 10:51:00.920711+00', NULL, NULL, NULL);
INSERT INTO fcl_kms.relays VALUES ('0x0000000000000001', false, 'NODES_DISAGREE', 'a reason');
INSERT INTO fcl_kms.relays VALUES ('0x0000000000000002', false, 'PAYER_CANNOT_PAY', 'a reason');
INSERT INTO fcl_kms.relays VALUES ('0x0000000000000003', true, 'KMS_ACCESS_DENIED', 'a reason');
INSERT INTO fcl_kms.scripts VALUES ('0x0000000000000001', '51aab64f238585702ae054a20b5d6bef3523bfb89392c1bd94f1bb2cb08db9a8', 'transaction(text: String) { prepare(signer: &Account) {} }');
INSERT INTO fcl_kms.turns VALUES ('post', '2020-01-01 10:51:01.925962+00');
SELECT pg_catalog.setval('fcl_kms.attempts_position_seq', 6, true);
SELECT pg_catalog.setval('fcl_kms.jobs_position_seq', 10, true);
ALTER TABLE ONLY fcl_kms.attempt_jobs
    ADD CONSTRAINT attempt_jobs_pkey PRIMARY KEY (transaction_id, place);
ALTER TABLE ONLY fcl_kms.attempts
    ADD CONSTRAINT attempts_pkey PRIMARY KEY (transaction_id);
ALTER TABLE ONLY fcl_kms.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (address, id);
ALTER TABLE ONLY fcl_kms.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (version);
ALTER TABLE ONLY fcl_kms.proposal_keys
    ADD CONSTRAINT proposal_keys_pkey PRIMARY KEY (address, key_index);
ALTER TABLE ONLY fcl_kms.relays
    ADD CONSTRAINT relays_pkey PRIMARY KEY (address);
ALTER TABLE ONLY fcl_kms.scripts
    ADD CONSTRAINT scripts_pkey PRIMARY KEY (address, hash);
ALTER TABLE ONLY fcl_kms.turns
    ADD CONSTRAINT turns_pkey PRIMARY KEY (name);
CREATE INDEX attempt_jobs_of_job ON fcl_kms.attempt_jobs USING btree (address, job_id);
CREATE UNIQUE INDEX attempt_jobs_open ON fcl_kms.attempt_jobs USING btree (address, job_id) WHERE open;
CREATE UNIQUE INDEX attempts_alive ON fcl_kms.attempts USING btree (address, key_index, sequence_number) WHERE (state = ANY (ARRAY['open'::text, 'executed'::text]));
CREATE INDEX attempts_held ON fcl_kms.attempts USING btree (holder) WHERE (state = ANY (ARRAY['open'::text, 'executed'::text]));
CREATE INDEX attempts_open ON fcl_kms.attempts USING btree (address, key_index) WHERE (state = ANY (ARRAY['open'::text, 'executed'::text]));
CREATE INDEX jobs_by_script ON fcl_kms.jobs USING btree (address, script) WHERE (script IS NOT NULL);
CREATE INDEX jobs_claimed ON fcl_kms.jobs USING btree (holder) WHERE (state = 'claimed'::text);
CREATE INDEX jobs_finished ON fcl_kms.jobs USING btree (address, finished_at) INCLUDE (state) WHERE (state = ANY (ARRAY['done'::text, 'failed'::text, 'cancelled'::text]));
CREATE UNIQUE INDEX jobs_in_order ON fcl_kms.jobs USING btree ("position", address);
CREATE INDEX jobs_unfinished ON fcl_kms.jobs USING btree (address, "position") INCLUDE (state) WHERE (state = ANY (ARRAY['queued'::text, 'claimed'::text, 'in-flight'::text, 'quarantined'::text]));
ALTER TABLE ONLY fcl_kms.attempt_jobs
    ADD CONSTRAINT attempt_jobs_address_job_id_fkey FOREIGN KEY (address, job_id) REFERENCES fcl_kms.jobs(address, id) ON DELETE CASCADE;
ALTER TABLE ONLY fcl_kms.attempt_jobs
    ADD CONSTRAINT attempt_jobs_transaction_id_fkey FOREIGN KEY (transaction_id) REFERENCES fcl_kms.attempts(transaction_id) ON DELETE CASCADE;
ALTER TABLE ONLY fcl_kms.attempts
    ADD CONSTRAINT attempts_address_key_index_fkey FOREIGN KEY (address, key_index) REFERENCES fcl_kms.proposal_keys(address, key_index);
ALTER TABLE ONLY fcl_kms.jobs
    ADD CONSTRAINT jobs_address_script_fkey FOREIGN KEY (address, script) REFERENCES fcl_kms.scripts(address, hash);
RESET check_function_bodies;
