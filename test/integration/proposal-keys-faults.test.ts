import { createProposalKeyPool, type PoolReport } from '../../src/proposal-keys/index.ts'
import { type FlowChain, noop, startChain } from '../support/flow-chain.ts'
import { createRelayAccount, type RelayAccount } from '../support/relay.ts'
import { type RestartableChain, startRestartableChain } from '../support/restartable-chain.ts'
import { until } from '../support/until.ts'

const EXPIRY = 10

async function startPool({ address, authorizer }: RelayAccount, transactionExpiry = EXPIRY) {
  const reports: PoolReport[] = []
  const onReport = (report: PoolReport) => reports.push(report)
  const pool = await createProposalKeyPool({
    authorizer,
    address,
    transactionExpiry,
    pollMs: 50,
    onReport,
  })
  return { ...pool, reports }
}

async function latestBlockId({ url }: { readonly url: string }): Promise<string> {
  const reply = await fetch(`${url}/v1/blocks?height=final`)
  const [block]: { readonly header: { readonly id: string } }[] = JSON.parse(await reply.text())
  return block?.header.id ?? ''
}

describe('when a transaction is not seen', () => {
  let chain: FlowChain

  beforeAll(async () => {
    chain = await startChain({ transactionExpiry: EXPIRY })
  })

  afterAll(async () => {
    await chain?.[Symbol.asyncDispose]()
  })

  it('lends its key to nobody before it has expired, and then with the same number', async () => {
    await using pool = await startPool(await createRelayAccount(chain, 1))
    const lease = await pool.lease()
    const referenceBlockId = await latestBlockId(chain)
    await lease.commit({ transactionId: 'ab'.repeat(32), referenceBlockId })
    let next: { readonly sequenceNumber: bigint } | undefined
    const waiting = pool.lease().then((given) => {
      next = given
      return given
    })
    await until(() => pool.stats().waiting === 1)
    expect(next).toBeUndefined()
    const given = await waiting
    expect(given.sequenceNumber).toBe(lease.sequenceNumber)
    expect(pool.reports).toContainEqual({ kind: 'settled', keyIndex: 1, outcome: 'expired' })
    await given.release()
  })

  it('sees by the number that one without a known id has executed', async () => {
    const account = await createRelayAccount(chain, 1)
    await using pool = await startPool(account, 600)
    const lease = await pool.lease()
    await lease.commit({
      transactionId: undefined,
      referenceBlockId: await latestBlockId(chain),
    })
    const authz = account.authorizer.authorize(account.address, { proposalKeyIndex: 1 })
    expect((await chain.send({ cadence: noop, authz })).errorMessage).toBe('')
    const next = await pool.lease()
    expect(next.sequenceNumber).toBe(lease.sequenceNumber + 1n)
    expect(pool.stats().moved).toBe(1)
    await next.release()
  })
})

describe('when the chain goes back', () => {
  let restartable: RestartableChain

  beforeAll(async () => {
    restartable = await startRestartableChain({ persists: false, jumps: true })
  })

  afterAll(async () => {
    await restartable?.[Symbol.asyncDispose]()
  })

  it('learns the number of each key, at the cost of one transaction at most', async () => {
    const { chain } = restartable
    const account = await createRelayAccount(chain, 2)
    await restartable.snapshot('before')
    await using pool = await startPool(account, 600)
    const authz = account.authorizer.authorize(account.address, { proposalKeys: pool })
    const send = async () => (await chain.send({ cadence: noop, authz })).errorCodes[0]
    for (let sent = 0; sent < 4; sent++) expect(await send()).toBeUndefined()
    await until(() => pool.stats().inFlight === 0)
    await restartable.jump('before')
    const codes = []
    for (let sent = 0; sent < 6; sent++) codes.push(await send())
    // A head that was seen a moment ago is taken for the latest: the chain refuses what comes of it.
    const refused = codes.filter((code) => code !== undefined)
    expect([[], [1007], [1007, 1007]]).toContainEqual(refused)
    expect(codes.slice(4)).toEqual([undefined, undefined])
    await until(() => pool.stats().inFlight === 0)
    const numbers = [1, 2].map((keyIndex) => chain.sequenceNumber(account.address, keyIndex))
    const [one = 0, two = 0] = await Promise.all(numbers)
    expect(one + two).toBe(6 - refused.length)
    expect(pool.stats().quarantined).toBe(0)
  })
})
