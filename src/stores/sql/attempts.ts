/** The signed transactions of the SQL store: each method one statement. @module */

import type { RunSql } from '../sql-database.ts'
import type { RelayStore } from '../store.ts'
import { toAttempt, toAttemptRow, toJson } from './rows.ts'

type AttemptMethods = Pick<
  RelayStore,
  'openAttempts' | 'settleAttempts' | 'adoptAttempts' | 'listAttempts'
>

/** @param schema - Quoted. */
export function createSqlAttempts(run: RunSql, schema: string): AttemptMethods {
  const attempts = `${schema}.attempts`
  const open = `SELECT o AS json FROM ${schema}.open_attempts($1::text::jsonb) AS o`
  const settle = `SELECT s AS json FROM ${schema}.settle_attempts($1::text::jsonb) AS s`
  // Keys are locked with their attempts and nobody is waited for: settling locks keys first.
  const adopt = `WITH lost AS (
      SELECT a.transaction_id, a.address, a.key_index, a.fence + 1 AS fence,
        clock_timestamp() + $3::text::double precision * interval '1 millisecond' AS lease_until
      FROM ${attempts} AS a JOIN ${schema}.proposal_keys AS k USING (address, key_index)
      WHERE a.address = $1 AND a.state IN ('open', 'executed') AND a.lease_until <= now()
      ORDER BY a.transaction_id FOR UPDATE OF k, a SKIP LOCKED
    ), keys AS (
      UPDATE ${schema}.proposal_keys AS k SET fence = lost.fence, holder = $2,
        lease_until = lost.lease_until
      FROM lost WHERE k.address = lost.address AND k.key_index = lost.key_index
        AND k.state = 'in-flight' AND k.transaction_id = lost.transaction_id
    ), adopted AS (
      UPDATE ${attempts} AS a SET fence = lost.fence, holder = $2, lease_until = lost.lease_until
      FROM lost WHERE a.transaction_id = lost.transaction_id
      RETURNING a.position, ${schema}.attempt_json(a) AS json
    ) SELECT json FROM adopted ORDER BY position`
  const list = `SELECT ${schema}.attempt_json(a) AS json FROM ${attempts} AS a
    WHERE a.transaction_id IN (SELECT r.transaction_id FROM ${schema}.attempt_jobs AS r
      WHERE r.address = $1 AND r.job_id = $2)
    ORDER BY a.position`

  return {
    openAttempts: async (given) =>
      (await run('openAttempts', open, toJson(given))).map((stored) => stored === true),
    settleAttempts: async (given) =>
      (await run('settleAttempts', settle, toJson(given))).map((settled) => settled === true),
    adoptAttempts: async ({ address, holder, leaseMs }) =>
      (await run('adoptAttempts', adopt, address, holder, String(leaseMs))).map(toAttemptRow),
    listAttempts: async (address, jobId) =>
      (await run('listAttempts', list, address, jobId)).map(toAttempt),
  }
}
