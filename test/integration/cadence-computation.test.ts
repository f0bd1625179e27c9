/** What mints cost in computation, against the table in `cadence/README.md`. */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { batchComputeLimit, batchesOf } from '../../src/provisioning/proposal-keys/transaction.ts'
import { readSource } from '../support/cadence.ts'
import { batchArguments, expectDone } from '../support/drop.ts'
import {
  type ChainAccount,
  type DropChain,
  type Outcome,
  startDropChain,
} from '../support/drop-chain.ts'

const number = (cell: string | undefined) => Number(cell?.replaceAll(',', ''))
const row = /^\| *(\d+) *\| *([\d,]+) *\| *([\d,]+) *\|$/gm
const cli = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')
const copies = [...cli.matchAll(row)].map(([, count, measured, declared]) => ({
  count: number(count),
  measured: number(measured),
  declared: number(declared),
}))
const rows = [...readSource('README.md').matchAll(row)].map(([, count, one, each]) => ({
  count: number(count),
  one: number(one),
  each: number(each),
}))

let chain: DropChain
const holders: string[] = []
beforeAll(async () => {
  chain = await startDropChain({ fees: true })
  while (holders.length < 100) holders.push(...(await createHolders(25))) // what a transaction may
})
afterAll(() => chain?.stop())

/** Accounts with a collection and no key: they only receive. */
async function createHolders(count: number): Promise<readonly string[]> {
  const cadence = `
    import DropNFT from ${chain.service.address}
    import FlowToken from 0x0ae53cb6e3f42a79
    import FungibleToken from 0xee82856bf20e2aa6
    transaction {
      prepare(signer: auth(BorrowValue) &Account) {
        let flow = signer.storage
          .borrow<auth(FungibleToken.Withdraw) &FlowToken.Vault>(from: /storage/flowTokenVault)!
        for index in InclusiveRange(1, ${count}) {
          let account = Account(payer: signer)
          account.capabilities.borrow<&{FungibleToken.Receiver}>(/public/flowTokenReceiver)!
            .deposit(from: <- flow.withdraw(amount: 0.1))
          account.storage.save(
            <- DropNFT.createEmptyCollection(nftType: Type<@DropNFT.NFT>()),
            to: DropNFT.CollectionStoragePath
          )
          account.capabilities.publish(
            account.capabilities.storage
              .issue<&DropNFT.Collection>(DropNFT.CollectionStoragePath),
            at: DropNFT.CollectionPublicPath
          )
        }
      }
    }`
  const outcome = await chain.send(cadence, () => [], chain.service)
  expectDone(outcome)
  return outcome.events
    .filter(({ type }) => type === 'flow.AccountCreated')
    .map(({ data }) => (data as { address: string }).address) // Flow's own event
}

async function computationOf(count: number, recipients: readonly string[]): Promise<number> {
  const mints = Array.from({ length: count }, (_, index) => ({
    requestId: randomUUID(),
    recipient: recipients[index % recipients.length] ?? '',
  }))
  const outcome = await chain.run('mint-batch', batchArguments(mints), chain.service)
  return effortOf(outcome)
}

function effortOf(outcome: Outcome): number {
  expectDone(outcome)
  const [effort] = outcome.events
    .filter(({ type }) => type.endsWith('.FlowFees.FeesDeducted'))
    .map(({ data }) => (data as { executionEffort: string }).executionEffort) // Flow's own event
  return Math.round(Number(effort) * 1e8)
}

describe('the table in cadence/README.md', () => {
  it('tells the computation of 1, 10, 50 and 100 mints in one transaction', () => {
    expect(rows.map(({ count }) => count)).toEqual([1, 10, 50, 100])
  })

  it.each(rows)('is right about $count mints', async ({ count, one, each }) => {
    const measured = {
      one: await computationOf(count, holders.slice(0, 1)),
      each: await computationOf(count, holders),
    }
    // Resource ids differ from run to run, and with them a little of the work.
    const near = (found: number, told: number) => Math.abs(found - told) <= told * 0.05
    if (!near(measured.one, one) || !near(measured.each, each))
      expect(measured).toEqual({ one, each })
  })
})

describe('the table in docs/cli.md', () => {
  let account: ChainAccount
  beforeAll(async () => {
    account = await chain.createAccount()
  })

  it('tells the computation of 1, 100 and as many keys as one transaction adds', () => {
    expect(copies.map(({ count }) => count)).toEqual([1, 100, batchesOf(10_000)[0]])
  })

  it.each(copies)('is right about $count keys', async ({ count, measured, declared }) => {
    const outcome = await chain.run(
      'add-proposal-keys',
      (arg, t) => [arg('0', t.Int), arg(account.publicKey, t.String), arg(`${count}`, t.Int)],
      account,
    )
    expect(effortOf(outcome)).toBe(measured)
    expect(batchComputeLimit(count)).toBe(declared)
    expect(declared).toBeGreaterThanOrEqual(2 * measured)
  })
})
