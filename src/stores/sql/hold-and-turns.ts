/** What all processes of a relay share besides keys and jobs: the hold and the rate. @module */

import { holdEnds, noHold, plainText } from '../checks.ts'
import type { RunSql } from '../sql-database.ts'
import type { HoldRow, RelayStore } from '../store.ts'

type SharedMethods = Pick<
  RelayStore,
  'readHold' | 'setHold' | 'clearHold' | 'setPaused' | 'resume' | 'reserveTurns'
>

/**
 * Each change of a hold is one statement that looks at the row it has locked. The rate is the generic
 * cell rate algorithm: one row holds the moment at which the next turn is due, and whoever takes turns
 * moves it on.
 *
 * @param schema - Quoted.
 * @see ITU-T I.371, annex A, the virtual scheduling form.
 */
export function createSqlHoldAndTurns(run: RunSql, schema: string): SharedMethods {
  const asJson = `${schema}.hold_json(r) AS json`
  const end = `${schema}.hold_end(r)`
  const ends = `ARRAY[${holdEnds.map((one) => `'${one}'`).join(', ')}]`
  const read = `SELECT ${asJson} FROM ${schema}.relays AS r WHERE address = $1`
  const stands = `coalesce(${end} = 'operator'
    OR array_position(${ends}, ${end}) > array_position(${ends}, $4), false)`
  const unlessStands = (column: string) =>
    `${column} = CASE WHEN ${stands} THEN r.${column} ELSE excluded.${column} END`
  const set = `INSERT INTO ${schema}.relays AS r (address, hold_code, hold_reason, hold_ends)
    VALUES ($1, $2, $3, jsonb_build_object($2::text, $4::text))
    ON CONFLICT (address) DO UPDATE
      SET ${['hold_code', 'hold_reason', 'hold_ends'].map(unlessStands).join(', ')}
    RETURNING ${asJson}`
  const unlessEnds = (column: string) =>
    `${column} = CASE WHEN hold_code = $2 AND ${end} <> 'operator' THEN NULL ELSE ${column} END`
  const clear = `UPDATE ${schema}.relays AS r
    SET ${['hold_code', 'hold_reason', 'hold_ends'].map(unlessEnds).join(', ')}
    WHERE address = $1 RETURNING ${asJson}`
  const pause = `INSERT INTO ${schema}.relays AS r (address, paused) VALUES ($1, $2::text::boolean)
    ON CONFLICT (address) DO UPDATE SET paused = excluded.paused RETURNING ${asJson}`
  const resume = `UPDATE ${schema}.relays AS r
    SET paused = false, hold_code = NULL, hold_reason = NULL, hold_ends = NULL
    WHERE address = $1 RETURNING ${asJson}`
  const taken = `$2::text::double precision * interval '1 second'`
  const reserve = `INSERT INTO ${schema}.turns AS t (name, next_at)
    VALUES ($1, clock_timestamp() + ${taken})
    ON CONFLICT (name) DO UPDATE SET next_at = greatest(t.next_at, clock_timestamp()) + ${taken}
    RETURNING greatest(0,
      extract(epoch FROM t.next_at - ${taken} - clock_timestamp()) * 1000)::text AS json`

  const ask = async (operation: string, text: string, ...parameters: readonly string[]) => {
    const [row] = await run(operation, text, ...parameters)
    return row === undefined ? noHold : (JSON.parse(row) as HoldRow) // as `hold_json` writes it
  }

  return {
    readHold: (address) => ask('readHold', read, address),
    setHold: (address, hold) =>
      ask('setHold', set, address, plainText(hold.code), plainText(hold.reason), hold.end),
    clearHold: (address, code) => ask('clearHold', clear, address, plainText(code)),
    setPaused: (address, paused) => ask('setPaused', pause, address, String(paused)),
    resume: (address) => ask('resume', resume, address),
    reserveTurns: async ({ name, count, perSecond }) =>
      Number((await run('reserveTurns', reserve, name, String(count / perSecond)))[0]),
  }
}
