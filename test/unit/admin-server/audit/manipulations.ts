/** What somebody with the rights of the tables' owner can do to 600 records, and what finds it. */

import type { ChainFault } from '../../../../examples/admin-server/src/audit/chain-check.ts'
import type { Session } from '../../../../examples/admin-server/src/database/database.ts'
import { rehash } from './trail.ts'

/** More than two pages of the verification, which reads 250 records at once. */
export const COUNT = 600

export const run =
  (...statements: readonly string[]) =>
  async (session: Session) => {
    for (const statement of statements) await session.query(statement)
  }
/** Edits records and makes all hashes from `from` on fit. */
export const forge =
  (from: number, ...statements: readonly string[]) =>
  async (session: Session) => {
    await run(...statements)(session)
    await rehash(session, from)
  }
export type Manipulation = readonly [
  name: string,
  sequence: number,
  reason: ChainFault,
  tamper: (session: Session) => Promise<unknown>,
]

export const set = (what: string, sequence: number) =>
  `UPDATE audit SET ${what} WHERE sequence = ${sequence}`
const noKey = 'ALTER TABLE audit DROP CONSTRAINT audit_pkey'
const noChecks =
  'ALTER TABLE audit DROP CONSTRAINT audit_sequence_check, DROP CONSTRAINT audit_body_check'
const columns = 'at_ms, kind, actor, body, previous_hash, hash'
const copy = (sequence: number, as: string) =>
  `INSERT INTO audit (sequence, ${columns}) SELECT ${as}, ${columns} FROM audit WHERE sequence = ${sequence}`
const swap = (column: string, one: number, other: number) =>
  `UPDATE audit a SET ${column} = b.${column} FROM audit b
  WHERE (a.sequence, b.sequence) IN ((${one}, ${other}), (${other}, ${one}))`

export const manipulations: readonly Manipulation[] = [
  ['a fact', 300, 'hash differs', run(set(`body = replace(body, '"n":300', '"n":301')`, 300))],
  [
    'a fact of the last',
    COUNT,
    'hash differs',
    run(
      set(`body = replace(body, '600', '600')`, 599),
      set(`body = replace(body, 'true', 'false')`, COUNT),
    ),
  ],
  ['the layout of a text', 7, 'body not canonical', run(set(`body = body || ' '`, 7))],
  ['a text that is no JSON', 7, 'body not canonical', run(set(`body = 'x'`, 7))],
  ['a text to that of no record', 7, 'body not canonical', run(set(`body = '[]'`, 7))],
  [
    'a member that is there twice',
    7,
    'body not canonical',
    forge(7, set(`body = replace(body, '{"actor":', '{"actor":"x","actor":')`, 7)),
  ],
  [
    'a text to one without end',
    7,
    'body not canonical',
    run(noChecks, set(`body = repeat('x', 200000)`, 7)),
  ],
  [
    'a text to NULL',
    7,
    'body not canonical',
    run('ALTER TABLE audit ALTER body DROP NOT NULL', set('body = NULL', 7)),
  ],
  ['a kind', 251, 'kind differs from body', run(set(`kind = 'outcome'`, 251))],
  ['an actor', 250, 'actor differs from body', run(set(`actor = 'mallory'`, 250))],
  ['a time', 500, 'time differs from body', run(set('at_ms = at_ms + 1', 500))],
  [
    'a previous hash',
    1,
    'previous hash differs',
    run(set(`previous_hash = 'f' || substr(previous_hash, 2)`, 1)),
  ],
  ['a hash', 2, 'hash differs', run(set(`hash = translate(hash, '0123456789', '1234567890')`, 2))],
  ['the case of a hash', 2, 'hash differs', run(set('hash = upper(hash)', 2))],
  ['a sequence to a later one', COUNT, 'record missing', run(set('sequence = 700', COUNT))],
  [
    'a sequence to one below the first',
    -4,
    'sequence out of range',
    run(noChecks, set('sequence = -4', 9)),
  ],
  [
    'a record with its own hash',
    301,
    'previous hash differs',
    run(
      set(`body = replace(body, '"n":300', '"n":301')`, 300),
      set(`hash = encode(sha256(convert_to(previous_hash || E'\\n' || body, 'UTF8')), 'hex')`, 300),
    ),
  ],
  ['a removed record', 300, 'record missing', run('DELETE FROM audit WHERE sequence = 300')],
  ['the first removed', 1, 'record missing', run('DELETE FROM audit WHERE sequence = 1')],
  [
    'a page removed',
    101,
    'record missing',
    run('DELETE FROM audit WHERE sequence BETWEEN 101 AND 400'),
  ],
  [
    'a removed record, the hole closed',
    300,
    'sequence differs from body',
    run(
      'DELETE FROM audit WHERE sequence = 300',
      'UPDATE audit SET sequence = sequence + 10000 WHERE sequence > 300',
      'UPDATE audit SET sequence = sequence - 10001 WHERE sequence > 300',
      'UPDATE audit_head SET sequence = sequence - 1',
    ),
  ],
  [
    'the tail removed',
    591,
    'records end before the head',
    run('DELETE FROM audit WHERE sequence > 590'),
  ],
  ['all removed', 1, 'records end before the head', run('DELETE FROM audit')],
  [
    'two sequences swapped',
    20,
    'sequence differs from body',
    run(set('sequence = 9999', 20), set('sequence = 20', 30), set('sequence = 30', 9999)),
  ],
  ['two texts swapped', 20, 'sequence differs from body', run(swap('body', 20, 30))],
  [
    'two records swapped, all hashes made to fit',
    20,
    'sequence differs from body',
    forge(20, swap('body', 20, 30)),
  ],
  ['a record doubled', 33, 'record doubled', run(noKey, copy(33, 'sequence'))],
  ['a record doubled where a page ends', 250, 'record doubled', run(noKey, copy(250, 'sequence'))],
  [
    'a record doubled very often',
    33,
    'record doubled',
    run(
      noKey,
      'INSERT INTO audit SELECT a.* FROM audit a, generate_series(1, 2000) WHERE a.sequence = 33',
    ),
  ],
  ['the last doubled', COUNT, 'record doubled', run(noKey, copy(COUNT, 'sequence'))],
  ['a record after the head', 601, 'records after the head', run(copy(COUNT, '601'))],
  [
    'a time that goes back, all hashes made to fit',
    300,
    'time goes back',
    forge(
      300,
      `UPDATE audit SET at_ms = at_ms - 1000, body = regexp_replace(body, '"at":\\d+', '"at":' || (at_ms - 1000)) WHERE sequence >= 300`,
    ),
  ],
  [
    'the hash of the head',
    COUNT,
    'head differs',
    run(`UPDATE audit_head SET hash = repeat('0', 64)`),
  ],
  [
    'the time of the head',
    COUNT,
    'head time differs',
    run('UPDATE audit_head SET at_ms = at_ms + 1'),
  ],
  ['the head moved back', 599, 'head differs', run('UPDATE audit_head SET sequence = 599')],
  [
    'the head moved back with its hash',
    600,
    'records after the head',
    run(
      'UPDATE audit_head h SET sequence = 599, hash = a.hash, at_ms = a.at_ms FROM audit a WHERE a.sequence = 599',
    ),
  ],
  [
    'the head moved forward',
    601,
    'records end before the head',
    run('UPDATE audit_head SET sequence = 900000000000000'),
  ],
  ['the head removed', COUNT, 'head missing', run('DELETE FROM audit_head')],
  [
    'two heads',
    COUNT,
    'head missing',
    run(
      'ALTER TABLE audit_head DROP CONSTRAINT audit_head_pkey',
      'INSERT INTO audit_head SELECT * FROM audit_head',
    ),
  ],
  [
    'a request taken from the index',
    14,
    'request index differs',
    run(`DELETE FROM audit_requests WHERE request_id = 'rq_14'`),
  ],
  [
    'a request added to the index',
    14,
    'request index differs',
    run(`INSERT INTO audit_requests VALUES ('rq_15', 14)`),
  ],
  [
    'a request of the index renamed',
    14,
    'request index differs',
    run(`UPDATE audit_requests SET request_id = 'rq_x' WHERE request_id = 'rq_14'`),
  ],
  [
    'an entry of the index doubled in place of another',
    14,
    'request index differs',
    run(
      'ALTER TABLE audit_requests DROP CONSTRAINT audit_requests_pkey',
      `UPDATE audit_requests SET request_id = 'rq_shared' WHERE request_id = 'rq_14'`,
    ),
  ],
  [
    'an index entry after the head',
    9999,
    'request index differs',
    run(`INSERT INTO audit_requests VALUES ('rq_14', 9999)`),
  ],
  [
    'an index entry before the first record',
    0,
    'request index differs',
    run(`INSERT INTO audit_requests VALUES ('rq_14', 0)`),
  ],
]

/** What leaves a chain that is whole in itself. */
export const forgeries: readonly Manipulation[] = [
  [
    'an early fact',
    400,
    'anchor differs',
    forge(5, set(`body = replace(body, '"n":5', '"n":6')`, 5)),
  ],
  [
    'a late fact',
    COUNT,
    'anchor differs',
    forge(500, set(`body = replace(body, '"n":500', '"n":6')`, 500)),
  ],
  [
    'the tail cut off',
    551,
    'records end before an anchor',
    forge(
      1,
      'DELETE FROM audit WHERE sequence > 550',
      'DELETE FROM audit_requests WHERE sequence > 550',
    ),
  ],
  [
    'all records removed',
    1,
    'records end before an anchor',
    run(
      'DELETE FROM audit',
      'DELETE FROM audit_requests',
      `UPDATE audit_head SET sequence = 0, hash = repeat('0', 64)`,
    ),
  ],
]
