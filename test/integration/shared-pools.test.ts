import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { PGlite } from '@electric-sql/pglite'
import { bytesToHex } from '../../src/crypto/hex.ts'
import { KmsAuthorizer } from '../../src/index.ts'
import {
  createProposalKeyPool,
  type PoolReport,
  type ProposalKeyPoolOptions,
} from '../../src/proposal-keys/index.ts'
import { createSoftwareSigner } from '../../src/signers/software-signer.ts'
import { createSqlStore, type RelayStore } from '../../src/stores/index.ts'
import { crashable } from '../support/crashable-store.ts'
import { playRoles, post } from '../support/fcl-player.ts'
import { type FlowChain, noop, type Outcome, startChain } from '../support/flow-chain.ts'
import { createRelayAccount, type RelayAccount } from '../support/relay.ts'
import { until } from '../support/until.ts'

const leaseMs = 600
const expiry = 60

let chain: FlowChain
let database: PGlite
let store: RelayStore

beforeAll(async () => {
  // The emulator answers 500 while it executes a block; FCL says so and sends the same bytes again.
  console.warn = () => undefined
  const starting = startChain({ transactionExpiry: expiry })
  database = await PGlite.create()
  store = await createSqlStore(database)
  chain = await starting
})

afterAll(async () => {
  await chain?.[Symbol.asyncDispose]()
  await database?.close()
})

async function openPool(
  { address, authorizer }: Omit<RelayAccount, 'signer'>,
  options: Partial<ProposalKeyPoolOptions> = {},
) {
  const reports: PoolReport[] = []
  const pool = await createProposalKeyPool({
    authorizer,
    address,
    store,
    pollMs: 50,
    transactionExpiry: expiry,
    onReport: (report) => reports.push(report),
    ...options,
  })
  return { ...pool, reports, authz: authorizer.authorize(address, { proposalKeys: pool }) }
}

/** A pool whose process can be cut off from the store as a kill would do. */
async function openMortal(account: RelayAccount) {
  const mortal = crashable(store)
  const pool = await openPool(account, { store: mortal.store, leaseMs })
  return {
    ...pool,
    die() {
      mortal.crash()
      void pool.close()
    },
  }
}

async function latestBlockId(): Promise<string> {
  const reply = await fetch(`${chain.url}/v1/blocks?height=final`)
  const [block]: { readonly header: { readonly id: string } }[] = JSON.parse(await reply.text())
  return block?.header.id ?? ''
}

/** Each key of the account as the store and as the chain has it. */
async function numbers({ address }: RelayAccount) {
  const rows = await store.listKeys(address)
  const onChain = await Promise.all(
    rows.map(({ keyIndex }) => chain.sequenceNumber(address, keyIndex)),
  )
  return {
    states: rows.map(({ state }) => state),
    stored: rows.map(({ sequenceNumber }) => Number(sequenceNumber)),
    onChain,
  }
}

const failures = (outcomes: readonly Outcome[]) =>
  outcomes.map(({ errorMessage }) => errorMessage).filter((message) => message !== '')

const isLost = expect.objectContaining({ code: 'LEASE_LOST' })

it('seals 40 concurrent fcl.mutate calls of two pools that share four keys', async () => {
  const account = await createRelayAccount(chain, 4)
  await using one = await openPool(account)
  await using two = await openPool(account)
  const outcomes = await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      chain.send({ cadence: noop, authz: index % 2 === 0 ? one.authz : two.authz }),
    ),
  )
  expect(failures(outcomes)).toEqual([])
  expect(new Set(outcomes.map(({ id }) => id)).size).toBe(40)
  await until(() => one.stats().executed === 20 && two.stats().executed === 20)
  for (const pool of [one, two])
    expect(pool.stats()).toMatchObject({ leases: 20, refused: 0, drifted: 0, lost: 0, adopted: 0 })
  const { states, stored, onChain } = await numbers(account)
  expect(states).toEqual(['free', 'free', 'free', 'free'])
  expect(stored).toEqual(onChain)
  expect(onChain.reduce((sum, number) => sum + number, 0)).toBe(40)
})

it('serves 200 callers that wait for three keys', async () => {
  const account = await createRelayAccount(chain, 3)
  await using one = await openPool(account)
  await using two = await openPool(account)
  const uses = new Map<number, number>()
  let lent = 0
  let most = 0
  const borrow = async (pool: typeof one) => {
    const lease = await pool.lease()
    lent += 1
    most = Math.max(most, lent)
    uses.set(lease.keyIndex, (uses.get(lease.keyIndex) ?? 0) + 1)
    await new Promise((resolve) => setImmediate(resolve))
    lent -= 1
    await lease.release()
  }
  await Promise.all(Array.from({ length: 200 }, (_, index) => borrow(index % 2 === 0 ? one : two)))
  expect(most).toBeLessThanOrEqual(3)
  expect([...uses.keys()].sort()).toEqual([1, 2, 3])
  expect([one.stats().leases, two.stats().leases]).toEqual([100, 100])
  const { states, stored } = await numbers(account)
  expect([states, stored]).toEqual([
    ['free', 'free', 'free'],
    [0, 0, 0],
  ])
})

describe('when a pool is gone', () => {
  it('follows the transactions that it left, sent or not, and frees their keys', async () => {
    const account = await createRelayAccount(chain, 3)
    const gone = await openMortal(account)
    const [sent, unsent] = [await playRoles(gone.authz, noop), await playRoles(gone.authz, noop)]
    const signed = await sent.sign(await latestBlockId())
    await unsent.sign(await latestBlockId())
    gone.die()
    // The same bytes: the emulator takes nothing while it executes a block.
    await until(async () => (await post(chain.url, signed)) === 'taken')
    await using heir = await openPool(account, { leaseMs })
    const settled = () => heir.reports.filter(({ kind }) => kind === 'settled')
    await until(() => settled().length === 2, 60_000)
    expect(heir.stats()).toMatchObject({ adopted: 2, executed: 1, expired: 1, lost: 0 })
    const { states, stored, onChain } = await numbers(account)
    expect(states).toEqual(['free', 'free', 'free'])
    expect(stored).toEqual(onChain)
    expect(onChain[sent.keyIndex - 1]).toBe(1)
  }, 90_000)

  it('lends the keys again that it had lent when their time is over', async () => {
    const account = await createRelayAccount(chain, 2)
    const gone = await openMortal(account)
    const lost = [await playRoles(gone.authz, noop), await playRoles(gone.authz, noop)]
    gone.die()
    await using heir = await openPool(account, { leaseMs })
    const outcomes = await Promise.all(
      [1, 2].map(() => chain.send({ cadence: noop, authz: heir.authz })),
    )
    expect(failures(outcomes)).toEqual([])
    expect(lost.map(({ keyIndex }) => keyIndex).sort()).toEqual([1, 2])
  })
})

it('lets no signature of a pool out whose lease another has by now', async () => {
  const account = await createRelayAccount(chain, 1)
  await using zombie = await openPool(account, { leaseMs })
  await using heir = await openPool(account, { leaseMs: 60_000 })
  const late = await playRoles(zombie.authz, noop)
  const waiting = heir.lease()
  // Standing still: no timer of the zombie runs, so it does not know that its time is over.
  for (const end = performance.now() + leaseMs + 50; performance.now() < end; );
  await expect(late.sign(await latestBlockId())).rejects.toEqual(isLost)
  const lease = await waiting
  expect(lease).toMatchObject({ keyIndex: 1, sequenceNumber: late.sequenceNumber })
  await lease.release()
  expect((await chain.send({ cadence: noop, authz: heir.authz })).errorCodes).toEqual([])
  expect(await chain.sequenceNumber(account.address, 1)).toBe(1)
  expect(zombie.stats().inFlight).toBe(0)
})

it('lets no signature out when the store has given the lease to another', async () => {
  const account = await createRelayAccount(chain, 1)
  // Its clock says that there is time; the store's clock, which counts, does not.
  const hasty: RelayStore = {
    ...store,
    leaseKeys: (request) => store.leaseKeys({ ...request, leaseMs: 100 }),
  }
  await using zombie = await openPool(account, { store: hasty })
  await using heir = await openPool(account)
  const late = await playRoles(zombie.authz, noop)
  const lease = await heir.lease()
  await expect(late.sign(await latestBlockId())).rejects.toEqual(isLost)
  await lease.release()
  expect((await chain.send({ cadence: noop, authz: heir.authz })).errorCodes).toEqual([])
  await until(() => heir.stats().inFlight === 0)
  expect(heir.stats()).toMatchObject({ executed: 1, refused: 0 })
})

it('gets back what FCL was given and never signed', async () => {
  const account = await createRelayAccount(chain, 2)
  await using one = await openPool(account, { leaseMs })
  await using two = await openPool(account, { leaseMs: 60_000 })
  await playRoles(one.authz, noop)
  await playRoles(one.authz, noop)
  const leases = await Promise.all([two.lease(), two.lease()])
  expect(leases.map(({ keyIndex }) => keyIndex).sort()).toEqual([1, 2])
  await until(() => one.stats().abandoned === 2)
  expect(one.stats()).toMatchObject({ leased: 0, inFlight: 0 })
  await Promise.all(leases.map((lease) => lease.release()))
})

const dist = fileURLToPath(new URL('../../dist/index.js', import.meta.url))
const itWithBuild = existsSync(dist) ? it : it.skip
if (!existsSync(dist)) process.stderr.write('SKIPPED shared-pools: no build (npm run build)\n')

itWithBuild('lets a process end that has sent all it wanted', async () => {
  const privateKey = crypto.getRandomValues(new Uint8Array(32))
  privateKey[0] = 1 // below the order of the curve
  const signer = createSoftwareSigner({ algorithm: 'ECDSA_P256', privateKey })
  const address = await chain.createAccount([
    { signer, weight: 1_000 },
    { signer, weight: 0 },
    { signer, weight: 0 },
  ])
  const script = fileURLToPath(new URL('../support/pool-process.mjs', import.meta.url))
  const args = [script, chain.url, address, bytesToHex(privateKey)]
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 30_000 })
  expect(JSON.parse(stdout)).toEqual({ sent: 4 })
  const authorizer = KmsAuthorizer.fromSigners(signer, { accessNode: chain.url })
  await using pool = await openPool({ address, authorizer })
  const used = await Promise.all([1, 2].map((index) => chain.sequenceNumber(address, index)))
  expect(used.reduce((sum, number) => sum + number, 0)).toBe(4)
  expect(pool.stats().keys).toBe(2)
})
