/** The ledgers of a signing service on real databases: PostgreSQL, and DynamoDB of MiniStack. */
import {
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb'
import { Pool } from 'pg'
import {
  createDynamoDbLedger,
  createSqlLedger,
  type Ledger,
  type LedgerClaim,
} from '../../src/signing-service/index.ts'
import { type Aws, startAws } from '../../src/testing/index.ts'
import { findPostgres, type Postgres, startPostgres } from '../support/postgres.ts'
import { describeLedger } from '../unit/signing-service/ledger-suite.ts'

const MINUTE_MS = 60_000
const claim: LedgerClaim = {
  address: '0xf8d6e0586b0a20c7',
  keyIndex: 0,
  sequenceNumber: 7n,
  payloadHash: 'a'.repeat(64),
  holdMs: 30 * MINUTE_MS,
  charges: [],
}
const other = { ...claim, payloadHash: 'b'.repeat(64) }
const charges = [{ budget: 'paid', amount: 10n, perDay: 105n }]
let count = 0
const nextName = () => {
  count += 1
  return `ledger_${count}`
}

/** @param ledgers - Of several processes, on one database. */
async function race(ledgers: readonly Ledger[]): Promise<void> {
  const ask = (index: number, of: Partial<LedgerClaim>) =>
    ledgers[index % ledgers.length]?.claim({ ...claim, ...of })
  const sixteen = Array.from({ length: 16 }, (_, index) => index)
  const numbers = await Promise.all(
    sixteen.map((index) => ask(index, { payloadHash: String(index).padStart(64, '0') })),
  )
  expect(numbers.filter((said) => said?.decision === 'granted')).toHaveLength(1)
  expect(numbers.filter((said) => said?.decision === 'conflict')).toHaveLength(15)
  const budgets = await Promise.all(
    sixteen.map((index) => ask(index, { sequenceNumber: BigInt(100 + index), charges })),
  )
  expect(budgets.filter((said) => said?.decision === 'granted')).toHaveLength(10)
  expect(budgets.filter((said) => said?.decision === 'spent')).toHaveLength(6)
}

/** The clock of this machine, 20 minutes away from that of the database. */
async function atOtherTimes(ask: (minutes: number) => Promise<void>): Promise<void> {
  const now = Date.now
  for (const minutes of [20, -20]) {
    Date.now = () => now() + minutes * MINUTE_MS
    try {
      await ask(minutes)
    } finally {
      Date.now = now
    }
  }
}

const bin = findPostgres()
if (bin === undefined)
  process.stderr.write('SKIPPED the ledger on PostgreSQL: no PostgreSQL 15 or newer found\n')

const describeWithPostgres = bin === undefined ? describe.skip : describe

describeWithPostgres('with PostgreSQL', () => {
  let server: Postgres
  let pools: readonly Pool[]
  beforeAll(async () => {
    server = await startPostgres(bin ?? '')
    pools = [1, 2].map(() => new Pool({ connectionString: server.url, max: 8 }))
  })
  afterAll(async () => {
    await Promise.all(pools.map((pool) => pool.end()))
    await server.stop()
  })
  const [first, second] = [() => pools[0] as Pool, () => pools[1] as Pool] // both are made above

  describeLedger('the ledger', async () => {
    const schema = nextName()
    const ledger = await createSqlLedger(first(), { schema })
    const pass = async (ms: number) => {
      const text = `UPDATE ${schema}.sequence_numbers SET held_until = held_until - $1::interval`
      await first().query(text, [`${ms} milliseconds`])
    }
    return { ledger, pass }
  })

  it('lets two processes share one, from the making of its tables on', async () => {
    const schema = nextName()
    await race(
      await Promise.all([first(), second()].map((pool) => createSqlLedger(pool, { schema }))),
    )
  })

  it('goes by the clock of the database', async () => {
    const ledger = await createSqlLedger(first(), { schema: nextName() })
    await ledger.claim({ ...claim, holdMs: 10 * MINUTE_MS })
    await atOtherTimes(async () => {
      expect(await ledger.claim(other)).toEqual({ decision: 'conflict' })
    })
  })

  it('waits for no other when budgets are taken in another order', async () => {
    const ledger = await createSqlLedger(first(), { schema: nextName() })
    const both = ['a', 'b'].map((budget) => ({ budget, amount: 1n, perDay: 1_000n }))
    const said = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        ledger.claim({
          ...claim,
          sequenceNumber: BigInt(index),
          charges: index % 2 === 0 ? both : [...both].reverse(),
        }),
      ),
    )
    expect(said.every(({ decision }) => decision === 'granted')).toBe(true)
  })

  it('rejects when the database is gone, and goes on when it is back', async () => {
    const ledger = await createSqlLedger(second(), { schema: nextName() })
    const startAgain = await server.halt('fast')
    await expect(ledger.claim(claim)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await startAgain()
    expect(await ledger.claim(claim)).toEqual({ decision: 'granted' })
  })
})

describe('with DynamoDB', () => {
  let aws: Aws
  let client: DynamoDBClient
  const newTable = async () => {
    const table = nextName()
    await client.send(
      new CreateTableCommand({
        TableName: table,
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      }),
    )
    return table
  }
  beforeAll(async () => {
    aws = await startAws({ services: ['dynamodb', 'sts'] })
    client = new DynamoDBClient(aws.clientConfig())
  })
  afterAll(async () => {
    client.destroy()
    await aws.stop()
  })
  const id = { S: 'number#0xf8d6e0586b0a20c7#0#7' }

  describeLedger('the ledger', async () => {
    const table = await newTable()
    const ledger = createDynamoDbLedger({ client, table })
    const pass = async (ms: number) => {
      const { Item = {} } = await client.send(new GetItemCommand({ TableName: table, Key: { id } }))
      const heldUntil = { N: String(Number(Item['heldUntil']?.N) - ms) }
      await client.send(new PutItemCommand({ TableName: table, Item: { ...Item, heldUntil } }))
    }
    return { ledger, pass }
  })

  it('lets two processes share one', async () => {
    const table = await newTable()
    const second = new DynamoDBClient(aws.clientConfig())
    await race([client, second].map((one) => createDynamoDbLedger({ client: one, table })))
    second.destroy()
  })

  it('goes by the clock of DynamoDB', async () => {
    const table = await newTable()
    const ledger = createDynamoDbLedger({ client, table })
    await ledger.claim({ ...claim, holdMs: 10 * MINUTE_MS })
    await atOtherTimes(async (minutes) => {
      expect(await ledger.claim(other)).toEqual({ decision: 'conflict' })
      const sequenceNumber = BigInt(1_000 + minutes)
      await ledger.claim({ ...claim, sequenceNumber, holdMs: 10 * MINUTE_MS })
    })
    for (const minutes of [20, -20])
      expect(await ledger.claim({ ...other, sequenceNumber: BigInt(1_000 + minutes) })).toEqual({
        decision: 'conflict',
      })
  })

  it('says when items may be forgotten', async () => {
    const table = await newTable()
    await createDynamoDbLedger({ client, table }).claim(claim)
    const { Item = {} } = await client.send(new GetItemCommand({ TableName: table, Key: { id } }))
    const [heldUntil, forgetAt] = ['heldUntil', 'forgetAt'].map((name) => Number(Item[name]?.N))
    expect(forgetAt).toBe(Math.ceil((heldUntil ?? 0) / 1_000) + 86_400)
  })

  it('rejects when there is no table, no server and no ledger in it', async () => {
    const table = await newTable()
    await client.send(new PutItemCommand({ TableName: table, Item: { id, note: { S: 'mine' } } }))
    await expect(createDynamoDbLedger({ client, table }).claim(claim)).rejects.toMatchObject({
      code: 'LEDGER_UNAVAILABLE',
    })
    const nowhere = createDynamoDbLedger({ client, table: 'nowhere' })
    await expect(nowhere.claim(claim)).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
    const endpoint = 'http://127.0.0.1:1'
    const gone = new DynamoDBClient({ ...aws.clientConfig(), endpoint, maxAttempts: 1 })
    await expect(createDynamoDbLedger({ client: gone, table }).claim(claim)).rejects.toBeDefined()
    gone.destroy()
  })
})
