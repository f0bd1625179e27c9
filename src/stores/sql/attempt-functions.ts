/** The two steps that touch keys, attempts and jobs together. @module */

/**
 * Both lock the keys of the whole batch by index, then its attempts by id, then its jobs by id, and
 * only then look at the rows: two batches cannot wait for each other, and what is checked stays so.
 * A refused item has changed nothing, so the others need no savepoint.
 *
 * Rows are found one by one by primary key, and tables are never scanned: the plans of a function
 * are kept, those made while the tables were small too.
 *
 * @param schema - Quoted.
 */
export const createAttemptFunctions = (schema: string): string =>
  createOpen(schema) + createSettle(schema)

const createOpen = (schema: string) => `
CREATE OR REPLACE FUNCTION ${schema}.open_attempts(given jsonb) RETURNS SETOF text
LANGUAGE plpgsql SET enable_seqscan = off AS $open$
DECLARE
  item jsonb;
  claim jsonb;
  key ${schema}.proposal_keys;
  job ${schema}.jobs;
  claimed text[];
  until timestamptz;
BEGIN
  FOR item IN SELECT value FROM jsonb_array_elements(given)
    ORDER BY value->>'address', (value->>'keyIndex')::bigint
  LOOP
    PERFORM FROM ${schema}.proposal_keys AS k
      WHERE k.address = item->>'address' AND k.key_index = (item->>'keyIndex')::bigint FOR UPDATE;
  END LOOP;
  FOR item, claim IN SELECT g.value, c.value
    FROM jsonb_array_elements(given) AS g, jsonb_array_elements(g.value->'jobs') AS c
    ORDER BY g.value->>'address', c.value->>'id'
  LOOP
    PERFORM FROM ${schema}.jobs AS j
      WHERE j.address = item->>'address' AND j.id = claim->>'id' FOR UPDATE;
  END LOOP;
  <<items>>
  FOR item IN SELECT value FROM jsonb_array_elements(given) WITH ORDINALITY ORDER BY ordinality LOOP
    SELECT * INTO key FROM ${schema}.proposal_keys AS k
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
      SELECT * INTO job FROM ${schema}.jobs AS j
        WHERE j.address = key.address AND j.id = claim->>'id';
      IF NOT FOUND OR job.state <> 'claimed' OR job.lease_until <= clock_timestamp()
        OR job.fence <> (claim->>'fence')::bigint OR job.id = ANY (claimed)
        OR EXISTS (SELECT FROM ${schema}.attempt_jobs AS r
          WHERE r.address = job.address AND r.job_id = job.id AND r.open)
      THEN
        RETURN NEXT 'false';
        CONTINUE items;
      END IF;
      claimed := claimed || job.id;
    END LOOP;
    until := clock_timestamp() + (item->>'leaseMs')::double precision * interval '1 millisecond';
    INSERT INTO ${schema}.attempts (transaction_id, address, key_index, sequence_number, fence,
        holder, lease_until, transaction, reference_block_id, reference_height)
      VALUES (item->>'transactionId', key.address, key.key_index, key.sequence_number, key.fence,
        key.holder, until, decode(item->>'transaction', 'hex'), item->>'referenceBlockId',
        (item->>'referenceHeight')::bigint)
      ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
      RETURN NEXT 'false';
      CONTINUE;
    END IF;
    INSERT INTO ${schema}.attempt_jobs (transaction_id, place, address, job_id)
      SELECT item->>'transactionId', place, key.address, id
      FROM unnest(claimed) WITH ORDINALITY AS c(id, place);
    UPDATE ${schema}.proposal_keys AS k SET state = 'in-flight', lease_until = until,
        transaction_id = item->>'transactionId', reference_block_id = item->>'referenceBlockId'
      WHERE k.address = key.address AND k.key_index = key.key_index;
    FOR place IN 1 .. cardinality(claimed) LOOP
      UPDATE ${schema}.jobs AS j SET state = 'in-flight', attempts = j.attempts + 1,
          holder = NULL, lease_until = NULL, executed = false, block_height = NULL,
          transaction_id = item->>'transactionId', error_code = NULL, reason = NULL
        WHERE j.address = key.address AND j.id = claimed[place];
    END LOOP;
    RETURN NEXT 'true';
  END LOOP;
END
$open$;
`

const createSettle = (schema: string) => `
CREATE OR REPLACE FUNCTION ${schema}.settle_attempts(given jsonb) RETURNS SETOF text
LANGUAGE plpgsql SET enable_seqscan = off AS $settle$
DECLARE
  ids text[] := ARRAY(SELECT DISTINCT value->>'transactionId' AS id
    FROM jsonb_array_elements(given) ORDER BY id);
  the_id text;
  item jsonb;
  outcome text;
  attempt ${schema}.attempts;
  ride ${schema}.attempt_jobs;
  job ${schema}.jobs;
  all_told jsonb;
  told jsonb;
BEGIN
  FOR attempt IN SELECT a.* FROM unnest(ids) AS i(id) CROSS JOIN LATERAL (
      SELECT * FROM ${schema}.attempts WHERE transaction_id = i.id OFFSET 0) AS a
    ORDER BY a.address, a.key_index
  LOOP
    PERFORM FROM ${schema}.proposal_keys AS k
      WHERE k.address = attempt.address AND k.key_index = attempt.key_index FOR UPDATE;
  END LOOP;
  FOREACH the_id IN ARRAY ids LOOP
    PERFORM FROM ${schema}.attempts AS a WHERE a.transaction_id = the_id FOR UPDATE;
  END LOOP;
  FOR ride IN SELECT r.* FROM unnest(ids) AS i(id) CROSS JOIN LATERAL (
      SELECT * FROM ${schema}.attempt_jobs WHERE transaction_id = i.id OFFSET 0) AS r
    ORDER BY r.address, r.job_id
  LOOP
    PERFORM FROM ${schema}.jobs AS j
      WHERE j.address = ride.address AND j.id = ride.job_id FOR UPDATE;
  END LOOP;
  FOR item IN SELECT value FROM jsonb_array_elements(given) WITH ORDINALITY ORDER BY ordinality LOOP
    outcome := item->>'state';
    SELECT * INTO attempt FROM ${schema}.attempts AS a
      WHERE a.transaction_id = item->>'transactionId';
    IF NOT FOUND OR attempt.state NOT IN ('open', 'executed')
      OR attempt.fence <> (item->>'fence')::bigint
    THEN
      RETURN NEXT 'false';
      CONTINUE;
    END IF;
    UPDATE ${schema}.attempts AS a SET state = outcome, block_height = CASE outcome
        WHEN 'dead' THEN NULL ELSE coalesce((item->>'blockHeight')::bigint, a.block_height) END
      WHERE a.transaction_id = attempt.transaction_id;
    IF item ? 'key' THEN
      UPDATE ${schema}.proposal_keys AS k SET
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
    FOR ride IN SELECT * FROM ${schema}.attempt_jobs AS r
      WHERE r.transaction_id = attempt.transaction_id ORDER BY r.place
    LOOP
      SELECT * INTO job FROM ${schema}.jobs AS j
        WHERE j.address = ride.address AND j.id = ride.job_id;
      IF NOT ride.open OR job.state <> 'in-flight' THEN
        CONTINUE;
      END IF;
      told := coalesce(all_told->ride.job_id, '{}');
      job.state := coalesce(told->>'state', job.state);
      UPDATE ${schema}.jobs AS j SET
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
        UPDATE ${schema}.attempt_jobs AS r SET open = false
          WHERE r.transaction_id = ride.transaction_id AND r.place = ride.place;
      END IF;
    END LOOP;
    RETURN NEXT 'true';
  END LOOP;
END
$settle$;
`
