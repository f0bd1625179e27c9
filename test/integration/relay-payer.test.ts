import { type FlowChain, startChain } from '../support/flow-chain.ts'
import { createMintAccount, type MintAccount } from '../support/mint-relay.ts'
import { idsOf, type RelayRun, startRun } from '../support/relay-run.ts'
import { until } from '../support/until.ts'

let chain: FlowChain

beforeAll(async () => {
  chain = await startChain({ extraFlags: ['--transaction-fees=true'] })
})

afterAll(async () => {
  await chain?.[Symbol.asyncDispose]()
})

const transfer = `
import FungibleToken from 0xee82856bf20e2aa6
import FlowToken from 0x0ae53cb6e3f42a79
import FlowFees from 0xe5a8b7f23e8b548f

transaction(to: Address, amount: UFix64?) {
  prepare(signer: auth(BorrowValue) &Account) {
    let flow = signer.storage.borrow<auth(FungibleToken.Withdraw) &FlowToken.Vault>(
      from: /storage/flowTokenVault
    )!
    // Without an amount: all but what storage and the limit of this transaction may cost.
    let fee = FlowFees.computeFees(inclusionEffort: 1.0, executionEffort: 0.000002)
    let sum = amount ?? signer.availableBalance - fee
    getAccount(to).capabilities.borrow<&{FungibleToken.Receiver}>(/public/flowTokenReceiver)!
      .deposit(from: <- flow.withdraw(amount: sum))
  }
}`

async function sendFlow(authz: unknown, to: string, amount: string | null): Promise<void> {
  const { errorMessage } = await chain.send({
    cadence: transfer,
    args: (arg, t) => [arg(to, t['Address']), arg(amount, t['Optional']?.(t['UFix64']))],
    authz,
    limit: 200, // 10⁻⁸ of effort each
  })
  expect(errorMessage).toBe('')
}

const fund = (address: string) => sendFlow(chain.service, address, '10.0')

/** Leaves too little for the fee of a mint. */
async function drain({ address, authorizer }: MintAccount): Promise<void> {
  await sendFlow(authorizer.authorize(address, 0), chain.serviceAddress, null)
}

const heldCode = async ({ relay }: RelayRun) => (await relay.stats()).held?.code

/** With 10 FLOW for itself, and some for the holder of the collection. */
const createFunded = () => createMintAccount(chain, 3, { fund })

describe('when the payer cannot pay', () => {
  it('holds, keeps all jobs, and goes on by itself once it can', async () => {
    const account = await createFunded()
    await using run = await startRun(chain, { account })
    await run.sealed(await run.submit([account.single('paid')]))
    await drain(account)
    const ids = await run.submit(idsOf(12).map((id) => account.single(id)))
    await until(async () => (await heldCode(run)) === 'PAYER_CANNOT_PAY')
    const signed = run.eventsOf('signed').length
    const heldAt = performance.now()
    await until(() => performance.now() - heldAt > 4_000)
    // Those that were under way when it was noticed, and a probe at a time.
    expect(run.eventsOf('signed').length - signed).toBeLessThanOrEqual(3 + 4)
    expect((await run.relay.stats()).jobs).toMatchObject({ failed: 0, quarantined: 0, done: 1 })
    await fund(account.address)
    await run.sealed(ids)
    await run.check()
    expect(await heldCode(run)).toBeUndefined()
  })

  it('goes on at once when an operator says that it can', async () => {
    const account = await createFunded()
    await using run = await startRun(chain, { account })
    await drain(account)
    const ids = await run.submit(idsOf(4).map((id) => account.inBatch(id)))
    await until(async () => (await heldCode(run)) === 'PAYER_CANNOT_PAY')
    await fund(account.address)
    await run.relay.resume()
    await run.sealed(ids)
    await run.check()
  })
})
