/** The proposal keys of the SQL store: each method one statement. @module */

import type { RunSql } from '../sql-database.ts'
import type { ProposalKeyStore } from '../store.ts'
import { toJson, toKeyRow, toLease } from './rows.ts'

/** Of two items of a batch for one key, the first that holds the fence is taken. */
const held = (schema: string, condition: string) => `
WITH given AS (
  SELECT value AS item, ordinality AS place, value->>'address' AS address,
    (value->>'keyIndex')::bigint AS key_index, (value->>'fence')::bigint AS fence
  FROM jsonb_array_elements($1::text::jsonb) WITH ORDINALITY
), locked AS (
  SELECT k.* FROM ${schema}.proposal_keys AS k
  WHERE (k.address, k.key_index) IN (SELECT address, key_index FROM given)
  ORDER BY k.address, k.key_index FOR UPDATE
), held AS (
  SELECT DISTINCT ON (g.address, g.key_index) g.*
  FROM given AS g JOIN locked AS k USING (address, key_index)
  WHERE k.fence = g.fence AND ${condition}
  ORDER BY g.address, g.key_index, g.place
)`

const answers = `SELECT (c.place IS NOT NULL)::text AS json
FROM given AS g LEFT JOIN changed AS c USING (place) ORDER BY g.place`

const lasting = (milliseconds: string) =>
  `clock_timestamp() + (${milliseconds})::double precision * interval '1 millisecond'`

/** @param schema - Quoted. */
export function createSqlProposalKeys(run: RunSql, schema: string): ProposalKeyStore {
  const keys = `${schema}.proposal_keys`
  const enroll = `INSERT INTO ${keys} (address, key_index, sequence_number)
    SELECT $1, "keyIndex", "sequenceNumber" FROM jsonb_to_recordset($2::text::jsonb)
      AS g("keyIndex" bigint, "sequenceNumber" numeric(20)) ORDER BY "keyIndex"
    ON CONFLICT DO NOTHING`
  const list = `SELECT ${schema}.key_json(k) AS json FROM ${keys} AS k
    WHERE address = $1 ORDER BY key_index`
  const lease = `WITH picked AS (
      SELECT address, key_index, row_number() OVER () AS place FROM (
        SELECT address, key_index FROM ${keys} WHERE address = $1
          AND (state = 'free' OR state = 'leased' AND lease_until <= now())
        ORDER BY used_at, key_index LIMIT $2::text::bigint FOR UPDATE SKIP LOCKED) AS oldest
    ), leased AS (
      UPDATE ${keys} AS k SET state = 'leased', fence = k.fence + 1, holder = $3,
        lease_until = ${lasting('$4::text')}, used_at = clock_timestamp()
      FROM picked AS p WHERE k.address = p.address AND k.key_index = p.key_index
      RETURNING p.place, ${schema}.key_json(k) AS json
    ) SELECT json FROM leased ORDER BY place`
  const commit = `${held(
    schema,
    `k.state = 'leased' AND k.lease_until > clock_timestamp()
      AND k.sequence_number = (g.item->>'sequenceNumber')::numeric`,
  )}, changed AS (
    UPDATE ${keys} AS k SET state = 'in-flight', transaction_id = h.item->>'transactionId',
      reference_block_id = h.item->>'referenceBlockId', lease_until = ${lasting(`h.item->>'leaseMs'`)}
    FROM held AS h WHERE k.address = h.address AND k.key_index = h.key_index RETURNING h.place
  ) ${answers}`
  const settle = `${held(schema, `k.state IN ('leased', 'in-flight')`)}, changed AS (
    UPDATE ${keys} AS k SET
      state = CASE WHEN h.item ? 'quarantine' THEN 'quarantined' ELSE 'free' END,
      reason = h.item->>'quarantine',
      sequence_number = (h.item->>'nextSequenceNumber')::numeric,
      transaction_id = CASE WHEN h.item ? 'quarantine' THEN k.transaction_id END,
      reference_block_id = CASE WHEN h.item ? 'quarantine' THEN k.reference_block_id END,
      holder = NULL, lease_until = NULL, used_at = clock_timestamp()
    FROM held AS h WHERE k.address = h.address AND k.key_index = h.key_index RETURNING h.place
  ) ${answers}`
  const extend = `SELECT e AS json FROM ${schema}.extend($1, $2::text::double precision
    * interval '1 millisecond') AS e`
  const adopt = `WITH lost AS (
      SELECT k.address, k.key_index FROM ${keys} AS k
      WHERE k.address = $1 AND k.state = 'in-flight' AND k.lease_until <= now()
        AND NOT EXISTS (SELECT FROM ${schema}.attempts AS a
          WHERE a.address = k.address AND a.key_index = k.key_index
            AND a.state IN ('open', 'executed')
            AND (a.state = 'open' OR a.transaction_id = k.transaction_id))
      ORDER BY k.key_index FOR UPDATE SKIP LOCKED
    ), adopted AS (
      UPDATE ${keys} AS k SET fence = k.fence + 1, holder = $2, lease_until = ${lasting('$3::text')}
      FROM lost WHERE k.address = lost.address AND k.key_index = lost.key_index
      RETURNING k.key_index, ${schema}.key_json(k) AS json
    ) SELECT json FROM adopted ORDER BY key_index`
  const restore = `UPDATE ${keys} SET state = 'free', sequence_number = $3::text::numeric,
      reason = NULL, transaction_id = NULL, reference_block_id = NULL
    WHERE address = $1 AND key_index = $2::text::bigint AND state = 'quarantined'
    RETURNING 'true' AS json`

  return {
    enrollKeys: async (address, given) => {
      await run('enrollKeys', enroll, address, toJson(given))
    },
    listKeys: async (address) => (await run('listKeys', list, address)).map(toKeyRow),
    leaseKeys: async ({ address, count, holder, leaseMs }) => {
      const parameters = [address, String(count), holder, String(leaseMs)]
      return (await run('leaseKeys', lease, ...parameters)).map(toLease)
    },
    commitLeases: async (commits) =>
      (await run('commitLeases', commit, toJson(commits))).map((held) => held === 'true'),
    settleLeases: async (settlements) =>
      (await run('settleLeases', settle, toJson(settlements))).map((held) => held === 'true'),
    extend: async (holder, leaseMs) => {
      await run('extend', extend, holder, String(leaseMs))
    },
    adoptKeys: async ({ address, holder, leaseMs }) =>
      (await run('adoptKeys', adopt, address, holder, String(leaseMs))).map(toKeyRow),
    restoreKey: async (address, keyIndex, sequenceNumber) => {
      const parameters = [address, String(keyIndex), sequenceNumber.toString()]
      return (await run('restoreKey', restore, ...parameters)).length > 0
    },
  }
}
