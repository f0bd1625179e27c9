/** Rows as JSON texts: functions, so that statements and functions write them alike. @module */

/**
 * Sequence numbers are texts, since JSON numbers end at 2^53; times are milliseconds since 1970;
 * bytes are hexadecimal.
 *
 * What a disk has spoilt cannot be read, and would end the statement for its neighbours too: where it
 * lies, in a long text or in bytes, `job_text` and `attempt_text` go without it.
 *
 * @param schema - Quoted.
 */
export const createRowFunctions = (schema: string): string => `
CREATE OR REPLACE FUNCTION ${schema}.key_json(k ${schema}.proposal_keys) RETURNS text LANGUAGE sql STABLE AS $row$
  SELECT json_build_object('address', k.address, 'keyIndex', k.key_index,
    'sequenceNumber', k.sequence_number::text, 'fence', k.fence, 'state', k.state,
    'transactionId', k.transaction_id, 'referenceBlockId', k.reference_block_id,
    'reason', k.reason)::text
$row$;

CREATE OR REPLACE FUNCTION ${schema}.job_json(j ${schema}.jobs) RETURNS text LANGUAGE sql STABLE AS $row$
  SELECT json_build_object('address', j.address, 'id', j.id, 'intentHash', j.intent_hash,
    'cadence', coalesce((SELECT s.source FROM ${schema}.scripts AS s
      WHERE s.address = j.address AND s.hash = j.script), ''),
    'arguments', j.arguments, 'computeLimit', j.compute_limit, 'batch', j.batch,
    'batchGroup', j.batch_group,
    'state', j.state, 'fence', j.fence, 'attempts', j.attempts, 'batchLimit', j.batch_limit,
    'transactionId', j.transaction_id, 'blockHeight', j.block_height, 'executed', j.executed,
    'errorCode', j.error_code, 'reason', j.reason,
    'createdAt', floor(extract(epoch FROM j.created_at) * 1000),
    'finishedAt', floor(extract(epoch FROM j.finished_at) * 1000))::text
$row$;

CREATE OR REPLACE FUNCTION ${schema}.attempt_json(a ${schema}.attempts) RETURNS text LANGUAGE sql STABLE AS $row$
  SELECT json_build_object('transactionId', a.transaction_id, 'address', a.address,
    'keyIndex', a.key_index, 'sequenceNumber', a.sequence_number::text, 'fence', a.fence,
    'transaction', encode(a.transaction, 'hex'), 'referenceHeight', a.reference_height,
    'jobIds', coalesce((SELECT json_agg(r.job_id ORDER BY r.place) FROM ${schema}.attempt_jobs AS r
      WHERE r.transaction_id = a.transaction_id), '[]'),
    'blockHeight', a.block_height, 'state', a.state)::text
$row$;

CREATE OR REPLACE FUNCTION ${schema}.job_text(j ${schema}.jobs) RETURNS text
LANGUAGE plpgsql STABLE AS $row$
BEGIN
  RETURN ${schema}.job_json(j);
EXCEPTION WHEN OTHERS THEN
  j.arguments := '[]';
  j.script := NULL;
  RETURN (${schema}.job_json(j)::jsonb || jsonb_build_object('unreadable', SQLSTATE))::text;
END
$row$;

CREATE OR REPLACE FUNCTION ${schema}.attempt_text(a ${schema}.attempts) RETURNS text
LANGUAGE plpgsql STABLE AS $row$
BEGIN
  RETURN ${schema}.attempt_json(a);
EXCEPTION WHEN OTHERS THEN
  a.transaction := '';
  RETURN ${schema}.attempt_json(a);
END
$row$;

CREATE OR REPLACE FUNCTION ${schema}.job_bytes(j ${schema}.jobs) RETURNS bigint
LANGUAGE plpgsql STABLE AS $bytes$
BEGIN
  RETURN coalesce(j.bytes, octet_length(j.arguments::text) + coalesce(
    (SELECT octet_length(s.source) FROM ${schema}.scripts AS s
      WHERE s.address = j.address AND s.hash = j.script), 0));
EXCEPTION WHEN OTHERS THEN
  RETURN 0;
END
$bytes$;
`
