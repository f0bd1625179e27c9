/** The steps on jobs that need more than one look at the tables. @module */

import { PRUNED_AT_ONCE } from '../checks.ts'

/**
 * Each runs inside one statement, and so in one transaction; each of its inner statements sees what
 * was committed while it waited for a lock, which the parts of one large statement would not.
 *
 * - `add_jobs` lets one caller at a time in, per account: the limit is exact, and jobs become
 *   visible in the order of their positions, so that a list read in pages misses none. The open ones
 *   are counted only when their first and last position leave a doubt.
 * - `extend` and all others lock in one order: keys by index, attempts by id, jobs by id.
 * - `prune` deletes sources that no job has any more, unless jobs are being added just then.
 *
 * They are planned at each call, for the size that the tables have by then. `OFFSET 0` makes the
 * planner look jobs up one by one: it would take a list from JSON for longer than it is, and read
 * the whole table instead.
 *
 * @param schema - Quoted.
 */
export const createJobFunctions = (schema: string): string => `
CREATE OR REPLACE FUNCTION ${schema}.add_jobs(the_address text, given jsonb, sources jsonb, max_open bigint)
RETURNS SETOF text
LANGUAGE plpgsql SET plan_cache_mode = force_custom_plan AS $add$
DECLARE
  room bigint;
  added text[];
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('${schema}.jobs ' || the_address, 0));
  room := max_open - coalesce(1 + (SELECT position FROM ${schema}.jobs
      WHERE address = the_address AND state IN ('queued', 'claimed') ORDER BY position DESC LIMIT 1)
    - (SELECT position FROM ${schema}.jobs
      WHERE address = the_address AND state IN ('queued', 'claimed') ORDER BY position LIMIT 1), 0);
  IF room < jsonb_array_length(given) THEN
    SELECT max_open - count(*) INTO room FROM ${schema}.jobs
      WHERE address = the_address AND state IN ('queued', 'claimed');
  END IF;
  INSERT INTO ${schema}.scripts (address, hash, source)
    SELECT the_address, key, value FROM jsonb_each_text(sources) WHERE room > 0
    ON CONFLICT DO NOTHING;
  WITH firsts AS (
    SELECT DISTINCT ON (value->>'id') value AS job, ordinality AS place
      FROM jsonb_array_elements(given) WITH ORDINALITY ORDER BY value->>'id', ordinality
  ), fresh AS (
    SELECT job FROM firsts LEFT JOIN LATERAL (
      SELECT id FROM ${schema}.jobs WHERE address = the_address AND id = job->>'id'
      OFFSET 0) AS known ON true
    WHERE known.id IS NULL ORDER BY place LIMIT greatest(room, 0)
  ), stored AS (
    INSERT INTO ${schema}.jobs
      (address, id, intent_hash, script, arguments, compute_limit, batch,
        batch_group, bytes)
    SELECT the_address, job->>'id', job->>'intentHash', job->>'script', (job->'arguments')::json,
      (job->>'computeLimit')::bigint, job->>'batch', job->>'batchGroup',
      octet_length(job->>'arguments') + coalesce(octet_length(sources->>(job->>'script')), 0)
    FROM fresh
    RETURNING id
  ) SELECT coalesce(array_agg(id), '{}') INTO added FROM stored;
  RETURN QUERY SELECT json_build_object(
      'job', CASE WHEN found.job IS DISTINCT FROM NULL
        THEN ${schema}.job_text(found.job)::json END,
      'created', g.value->>'id' = ANY (added) AND g.ordinality = g.earliest)::text
    FROM (SELECT value, ordinality, min(ordinality) OVER (PARTITION BY value->>'id') AS earliest
      FROM jsonb_array_elements(given) WITH ORDINALITY) AS g
    LEFT JOIN LATERAL (SELECT j AS job FROM ${schema}.jobs AS j
      WHERE j.address = the_address AND j.id = g.value->>'id' OFFSET 0) AS found ON true
    ORDER BY g.ordinality;
END
$add$;

CREATE OR REPLACE FUNCTION ${schema}.extend(the_holder text, span interval)
RETURNS SETOF text
LANGUAGE plpgsql SET plan_cache_mode = force_custom_plan AS $extend$
BEGIN
  WITH held AS (
    SELECT address, key_index FROM ${schema}.proposal_keys
    WHERE holder = the_holder AND state IN ('leased', 'in-flight')
    ORDER BY address, key_index FOR UPDATE
  ) UPDATE ${schema}.proposal_keys AS k SET lease_until = clock_timestamp() + span
    FROM held WHERE k.address = held.address AND k.key_index = held.key_index;
  WITH held AS (
    SELECT transaction_id FROM ${schema}.attempts
    WHERE holder = the_holder AND state IN ('open', 'executed')
    ORDER BY transaction_id FOR UPDATE
  ) UPDATE ${schema}.attempts AS a SET lease_until = clock_timestamp() + span
    FROM held WHERE a.transaction_id = held.transaction_id;
  WITH held AS (
    SELECT address, id FROM ${schema}.jobs WHERE holder = the_holder AND state = 'claimed'
    ORDER BY address, id FOR UPDATE
  ) UPDATE ${schema}.jobs AS j SET lease_until = clock_timestamp() + span
    FROM held WHERE j.address = held.address AND j.id = held.id;
END
$extend$;

CREATE OR REPLACE FUNCTION ${schema}.prune(the_address text, age interval)
RETURNS SETOF text
LANGUAGE plpgsql SET plan_cache_mode = force_custom_plan AS $prune$
DECLARE
  before timestamptz := clock_timestamp() - age;
  pruned text[];
  transactions text[];
BEGIN
  SELECT coalesce(array_agg(id), '{}') INTO pruned FROM (
    SELECT id FROM ${schema}.jobs WHERE address = the_address AND finished_at < before
      AND state IN ('done', 'failed', 'cancelled')
    ORDER BY finished_at LIMIT ${PRUNED_AT_ONCE} FOR UPDATE SKIP LOCKED) AS old_jobs;
  SELECT coalesce(array_agg(DISTINCT transaction_id), '{}') INTO transactions
    FROM ${schema}.attempt_jobs WHERE address = the_address AND job_id = ANY (pruned);
  DELETE FROM ${schema}.jobs WHERE address = the_address AND id = ANY (pruned);
  DELETE FROM ${schema}.attempts AS a
    WHERE a.transaction_id = ANY (transactions) AND a.state NOT IN ('open', 'executed')
      AND NOT EXISTS (SELECT FROM ${schema}.attempt_jobs AS r
        WHERE r.transaction_id = a.transaction_id);
  IF pg_try_advisory_xact_lock(hashtextextended('${schema}.jobs ' || the_address, 0)) THEN
    DELETE FROM ${schema}.scripts AS s WHERE s.address = the_address AND NOT EXISTS (
      SELECT FROM ${schema}.jobs AS j WHERE j.address = the_address AND j.script = s.hash);
  END IF;
  RETURN NEXT cardinality(pruned)::text;
END
$prune$;
`
