import { PGlite } from '@electric-sql/pglite'
import { createSqlLedger } from '../../../src/signing-service/index.ts'
import { describeLedger } from './ledger-suite.ts'

let database: PGlite
let count = 0
beforeAll(async () => {
  database = await PGlite.create()
})
afterAll(() => database.close())

describeLedger('the ledger in PGlite', async () => {
  count += 1
  const schema = `ledger_${count}`
  const ledger = await createSqlLedger(database, { schema })
  // Its clock is the database's, so the rows are moved instead.
  const pass = async (ms: number) => {
    const text = `UPDATE ${schema}.sequence_numbers SET held_until = held_until - $1::interval`
    await database.query(text, [`${ms} milliseconds`])
  }
  return { ledger, pass }
})

describe('createSqlLedger', () => {
  const claim = {
    address: '0xf8d6e0586b0a20c7',
    keyIndex: 0,
    sequenceNumber: 1n,
    payloadHash: 'a'.repeat(64),
    holdMs: 1_000,
    charges: [],
  }

  it('finds what another has left, and forgets what is a day over', async () => {
    const schema = 'kept'
    await (await createSqlLedger(database, { schema })).claim(claim)
    const ledger = await createSqlLedger(database, { schema })
    expect(await ledger.claim(claim)).toEqual({ decision: 'replayed' })
    await database.query(
      `UPDATE kept.sequence_numbers SET held_until = now() - interval '25 hours'`,
    )
    await ledger.claim({ ...claim, sequenceNumber: 2n })
    const { rows } = await database.query('SELECT sequence_number::text FROM kept.sequence_numbers')
    expect(rows).toEqual([{ sequence_number: '2' }])
  })

  it.each<readonly [string, unknown, object, string]>([
    ['a database that is none', {}, {}, 'database'],
    [
      'a schema with a quotation mark',
      { query: async () => ({ rows: [] }) },
      { schema: 'a"b' },
      'schema',
    ],
    ['no time', { query: async () => ({ rows: [] }) }, { timeoutMs: 0 }, 'timeoutMs'],
    ['an unknown option', { query: async () => ({ rows: [] }) }, { shcema: 'a' }, 'shcema'],
  ])('refuses %s', async (_name, given, options, option) => {
    // What JavaScript may pass.
    await expect(createSqlLedger(given as PGlite, options)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      context: { option },
    })
  })

  it('takes nothing that it does not know for a grant', async () => {
    const said: { text: string | undefined } = { text: undefined }
    const query = async (text: string, parameters?: unknown[]) =>
      said.text !== undefined && text.includes('.claim(')
        ? { rows: [{ json: said.text }] }
        : database.query(text, parameters)
    const ledger = await createSqlLedger({ query } as PGlite, { schema: 'doubtful' })
    for (said.text of ['', 'maybe', 'GRANTED', 'spent'])
      await expect(ledger.claim(claim)).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' })
  })

  it('refuses tables of a later version', async () => {
    await createSqlLedger(database, { schema: 'later' })
    await database.query('INSERT INTO later.migrations (version) VALUES (99)')
    await expect(createSqlLedger(database, { schema: 'later' })).rejects.toMatchObject({
      code: 'STORE_VERSION_UNKNOWN',
    })
  })
})
