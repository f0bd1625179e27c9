/** The signed transactions of the SQL store: each method one statement. @module */

import type { RunSql } from '../sql-database.ts'
import type { AttemptRow, RelayStore } from '../store.ts'
import { toAttempt, toAttemptRow } from './rows.ts'
import { ANSWER_BYTES, before, bounded, CUT, inSteps, listOf, sized } from './steps.ts'

type AttemptMethods = Pick<
  RelayStore,
  'openAttempts' | 'settleAttempts' | 'adoptAttempts' | 'listAttempts'
>

/** @param schema - Quoted. */
export function createSqlAttempts(run: RunSql, schema: string): AttemptMethods {
  const attempts = `${schema}.attempts`
  const open = `SELECT o AS json FROM ${schema}.open_attempts($1::text::jsonb) AS o`
  const settle = `SELECT s AS json FROM ${schema}.settle_attempts($1::text::jsonb) AS s`
  const positionOf = (id: string) => `CASE WHEN ${id} = '' THEN 0
    ELSE (SELECT position FROM ${attempts} WHERE transaction_id = ${id}) END`
  // Keys are locked with their attempts and nobody is waited for: settling locks keys first.
  const adopt = `WITH lost AS (
      SELECT a.transaction_id, a.address, a.key_index, a.position, a.fence + 1 AS fence,
        octet_length(a.transaction) AS bytes,
        clock_timestamp() + $3::text::double precision * interval '1 millisecond' AS lease_until
      FROM ${attempts} AS a JOIN ${schema}.proposal_keys AS k USING (address, key_index)
      WHERE a.address = $1 AND a.state IN ('open', 'executed') AND a.lease_until <= now()
        AND a.position > ${positionOf('$4')}
      ORDER BY a.position FOR UPDATE OF k, a SKIP LOCKED
    ), sized AS (
      SELECT *, ${before('position', 'bytes')} FROM lost
    ), taken AS (
      SELECT * FROM sized WHERE before < ${ANSWER_BYTES}
    ), keys AS (
      UPDATE ${schema}.proposal_keys AS k SET fence = taken.fence, holder = $2,
        lease_until = taken.lease_until
      FROM taken WHERE k.address = taken.address AND k.key_index = taken.key_index
        AND k.state = 'in-flight' AND k.transaction_id = taken.transaction_id
    ), adopted AS (
      UPDATE ${attempts} AS a SET fence = taken.fence, holder = $2, lease_until = taken.lease_until
      FROM taken WHERE a.transaction_id = taken.transaction_id
      RETURNING a.position, ${schema}.attempt_text(a) AS json
    ) SELECT json FROM (SELECT position, json FROM adopted
      UNION ALL SELECT position, '${CUT}' FROM sized WHERE before >= ${ANSWER_BYTES}) AS told
    ORDER BY position`
  const list = `SELECT ${bounded(`${schema}.attempt_text(attempt)`)} FROM (
      SELECT a AS attempt, a.position, ${before('a.position', 'octet_length(a.transaction)')}
      FROM ${attempts} AS a
      WHERE a.transaction_id IN (SELECT r.transaction_id FROM ${schema}.attempt_jobs AS r
          WHERE r.address = $1 AND r.job_id = $2)
        AND a.position > ${positionOf('$3')}
    ) AS sized ORDER BY position`

  return {
    openAttempts: async (given) =>
      (await inSteps(given.map(sized), (part) => run('openAttempts', open, listOf(part)))).map(
        (stored) => stored === 'true',
      ),
    settleAttempts: async (given) =>
      (await inSteps(given.map(sized), (part) => run('settleAttempts', settle, listOf(part)))).map(
        (settled) => settled === 'true',
      ),
    adoptAttempts: async ({ address, holder, leaseMs }) => {
      const rows: AttemptRow[] = []
      for (let after = ''; ; after = rows.at(-1)?.transactionId ?? '') {
        const asked = run('adoptAttempts', adopt, address, holder, String(leaseMs), after)
        // What was taken is ours: who asks has to know of it, whatever becomes of the others.
        const part = await (rows.length === 0 ? asked : asked.catch(() => []))
        const read = part.filter((text) => text !== CUT).map(toAttemptRow)
        rows.push(...read)
        if (read.length === part.length) return rows
      }
    },
    listAttempts: async (address, jobId) => {
      const rows: ReturnType<typeof toAttempt>[] = []
      for (let after = ''; ; after = rows.at(-1)?.transactionId ?? '') {
        const part = await run('listAttempts', list, address, jobId, after)
        const read = part.filter((text) => text !== CUT).map(toAttempt)
        rows.push(...read)
        if (read.length === part.length) return rows
      }
    },
  }
}
