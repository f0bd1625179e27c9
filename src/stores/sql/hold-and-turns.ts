/** What all processes of a relay share besides keys and jobs: the hold and the rate. @module */

import type { RunSql } from '../sql-database.ts'
import type { HoldRow, RelayStore } from '../store.ts'
import { toJson } from './rows.ts'

type SharedMethods = Pick<RelayStore, 'readHold' | 'writeHold' | 'reserveTurns'>

const open: HoldRow = { paused: false, holdCode: null, holdReason: null }

/**
 * The rate is the generic cell rate algorithm: one row holds the moment at which the next turn is
 * due, and whoever takes turns moves it on.
 *
 * @param schema - Quoted.
 * @see ITU-T I.371, annex A, the virtual scheduling form.
 */
export function createSqlHoldAndTurns(run: RunSql, schema: string): SharedMethods {
  const read = `SELECT json_build_object('paused', paused, 'holdCode', hold_code,
    'holdReason', hold_reason)::text AS json FROM ${schema}.relays WHERE address = $1`
  const write = `INSERT INTO ${schema}.relays AS r (address, paused, hold_code, hold_reason)
    SELECT $1, coalesce((g.hold->>'paused')::boolean, false), g.hold->>'holdCode',
      g.hold->>'holdReason' FROM (SELECT $2::text::jsonb AS hold) AS g
    ON CONFLICT (address) DO UPDATE SET
      paused = CASE WHEN $2::text::jsonb ? 'paused' THEN excluded.paused ELSE r.paused END,
      hold_code = CASE WHEN $2::text::jsonb ? 'holdCode'
        THEN excluded.hold_code ELSE r.hold_code END,
      hold_reason = CASE WHEN $2::text::jsonb ? 'holdReason'
        THEN excluded.hold_reason ELSE r.hold_reason END`
  const taken = `$2::text::double precision * interval '1 second'`
  const reserve = `INSERT INTO ${schema}.turns AS t (name, next_at)
    VALUES ($1, clock_timestamp() + ${taken})
    ON CONFLICT (name) DO UPDATE SET next_at = greatest(t.next_at, clock_timestamp()) + ${taken}
    RETURNING greatest(0,
      extract(epoch FROM t.next_at - ${taken} - clock_timestamp()) * 1000)::text AS json`

  return {
    // As selected, or none.
    readHold: async (address) => ((await run('readHold', read, address))[0] as HoldRow) ?? open,
    writeHold: async (address, change) => {
      await run('writeHold', write, address, toJson(change))
    },
    reserveTurns: async ({ name, count, perSecond }) =>
      Number((await run('reserveTurns', reserve, name, String(count / perSecond)))[0]),
  }
}
