/** Tables and the one function of the ledger in SQL. @module */

import type { Release } from '../../stores/sql/release.ts'

/** @param schema - Quoted. */
const tables1 = (schema: string): string => `
CREATE TABLE ${schema}.functions (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  version integer NOT NULL,
  hash text NOT NULL,
  serves integer NOT NULL
);
CREATE TABLE ${schema}.sequence_numbers (
  address text NOT NULL,
  key_index bigint NOT NULL,
  sequence_number numeric(20) NOT NULL,
  payload_hash text NOT NULL,
  held_until timestamptz NOT NULL,
  PRIMARY KEY (address, key_index, sequence_number)
);
CREATE INDEX sequence_numbers_by_time ON ${schema}.sequence_numbers (held_until);
CREATE TABLE ${schema}.budgets (
  day date NOT NULL,
  budget text NOT NULL,
  spent numeric NOT NULL,
  PRIMARY KEY (day, budget)
);
`

/**
 * One number after the other waits for the same row, and so does one charge of a budget: whoever
 * comes later sees what was committed. The charges are taken in the order of their names, or two
 * claims could wait for each other. An exception inside undoes the number as well.
 *
 * Numbers are remembered for a day longer than they are held, and each claim forgets some.
 *
 * @param schema - Quoted.
 */
const functions = (schema: string): string => `
CREATE OR REPLACE FUNCTION ${schema}.claim(
  _address text, _key_index bigint, _number numeric, _hash text, _hold interval, _charges jsonb
) RETURNS text LANGUAGE plpgsql AS $claim$
DECLARE
  _charge record;
  _holder text;
BEGIN
  INSERT INTO ${schema}.sequence_numbers AS s
    (address, key_index, sequence_number, payload_hash, held_until)
    VALUES (_address, _key_index, _number, _hash, clock_timestamp() + _hold)
    ON CONFLICT (address, key_index, sequence_number) DO UPDATE
      SET payload_hash = excluded.payload_hash, held_until = excluded.held_until
      WHERE s.payload_hash <> excluded.payload_hash AND s.held_until <= clock_timestamp();
  IF NOT FOUND THEN
    SELECT payload_hash INTO _holder FROM ${schema}.sequence_numbers
      WHERE (address, key_index, sequence_number) = (_address, _key_index, _number);
    RETURN CASE WHEN _holder = _hash THEN 'replayed' ELSE 'conflict' END;
  END IF;
  FOR _charge IN
    SELECT budget, amount, per_day
      FROM jsonb_to_recordset(_charges) AS c(budget text, amount numeric, per_day numeric)
      ORDER BY budget
  LOOP
    INSERT INTO ${schema}.budgets AS b (day, budget, spent)
      SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date, _charge.budget, _charge.amount
        WHERE _charge.amount <= _charge.per_day
      ON CONFLICT (day, budget) DO UPDATE SET spent = b.spent + excluded.spent
        WHERE b.spent + excluded.spent <= _charge.per_day;
    IF NOT FOUND THEN
      RAISE EXCEPTION USING ERRCODE = 'FK001', MESSAGE = _charge.budget;
    END IF;
  END LOOP;
  DELETE FROM ${schema}.sequence_numbers WHERE ctid IN (
    SELECT ctid FROM ${schema}.sequence_numbers
      WHERE held_until < clock_timestamp() - interval '1 day'
      ORDER BY held_until LIMIT 10 FOR UPDATE SKIP LOCKED);
  RETURN 'granted';
EXCEPTION WHEN SQLSTATE 'FK001' THEN
  RETURN 'spent ' || SQLERRM;
END
$claim$;
`

/** Of this version of the package. */
export const ledgerRelease: Release = { tables: [tables1], functions, serves: 1 }
