/** A swap of keys by hand while processes that share a database send, one with the old signer alone. */
import { PGlite } from '@electric-sql/pglite'
import { bytesToHex, hexToBytes } from '../../src/crypto/hex.ts'
import type { Transaction, TransactionPayload } from '../../src/crypto/transaction.ts'
import { transactionId } from '../../src/crypto/transaction.ts'
import { connectAccessNode } from '../../src/flow/access-node.ts'
import { readAccount } from '../../src/flow/accounts.ts'
import { KmsAuthorizer, type Signer } from '../../src/index.ts'
import { createProposalKeyPool, type PoolReport } from '../../src/proposal-keys/index.ts'
import { createDrain } from '../../src/provisioning/rotation/drain.ts'
import {
  addKeysTransaction,
  type KeyChange,
  swapTransaction,
} from '../../src/provisioning/rotation/key-changes.ts'
import { createSoftwareSigner } from '../../src/signers/software-signer.ts'
import { createSqlStore, type RelayStore } from '../../src/stores/index.ts'
import { post } from '../support/fcl-player.ts'
import { type FlowChain, noop, startChain } from '../support/flow-chain.ts'
import { startRelay } from '../support/relay.ts'
import { until } from '../support/until.ts'

const id = '0123456789abcdef'
const oldCopies = [1, 2, 3, 4, 5, 6]

let chain: FlowChain
let database: PGlite
let store: RelayStore

beforeAll(async () => {
  // The emulator answers 500 while it executes a block; FCL says so and sends the same bytes again.
  console.warn = () => undefined
  console.error = () => undefined // FCL writes there what it rejects with
  const starting = startChain()
  database = await PGlite.create()
  store = await createSqlStore(database)
  chain = await starting
})

afterAll(async () => {
  await chain?.[Symbol.asyncDispose]()
  await database?.close()
})

/** One process: a relay, and a pool for plain `fcl.mutate`, with these signers. */
async function startProcess(address: string, signers: readonly Signer[]) {
  const authorizer = KmsAuthorizer.fromSigners(signers, { accessNode: chain.url })
  const reports: PoolReport[] = []
  const pool = await createProposalKeyPool({
    authorizer,
    address,
    store,
    pollMs: 50,
    onReport: (report) => reports.push(report),
  })
  const relay = await startRelay(chain, { address, authorizer }, { store })
  const authz = authorizer.authorize(address, { proposalKeys: pool })
  return {
    relay,
    pool,
    reports,
    mutate: () => chain.send({ cadence: noop, authz }),
    async [Symbol.asyncDispose]() {
      await relay.close()
      await pool.close()
    },
  }
}
type Process = Awaited<ReturnType<typeof startProcess>>

/** Some callers of `fcl.mutate` and a relay that is given jobs, until it is stopped. */
function load(name: string, { mutate, relay }: Process) {
  let isOver = false
  const outcomes: (readonly number[])[] = []
  const rejections: unknown[] = []
  const ids: string[] = []
  const callers = [1, 2].map(async () => {
    try {
      while (!isOver) outcomes.push((await mutate()).errorCodes)
    } catch (thrown) {
      rejections.push(thrown) // nothing that a caller could try again
    }
  })
  const giver = (async () => {
    for (let count = 0; !isOver; count += 1) {
      const jobId = `${name}-${count}`
      ids.push(jobId)
      const job = await relay.submit({ id: jobId, cadence: noop, args: [], limit: 100 })
      if (count % 5 === 4) await job.executed()
    }
  })()
  return {
    outcomes,
    rejections,
    ids,
    async stop() {
      isOver = true
      await Promise.all([...callers, giver])
    },
    [Symbol.dispose]() {
      isOver = true
    },
  }
}

/** The keys of one account, and transactions that change them. */
async function openRotation(address: string, signers: readonly [Signer, Signer]) {
  const [old, next] = signers
  const node = connectAccessNode(chain.url)
  const authorizer = KmsAuthorizer.fromSigners(signers, { accessNode: chain.url })
  const keyOf = async (signer: Signer) => {
    const { bytes, algorithm } = await signer.publicKey()
    const publicKey = bytesToHex(bytes)
    return { publicKey, signatureAlgorithm: algorithm, hashAlgorithm: 'SHA3_256' } as const
  }
  const keys = async () => (await readAccount(node, address)).keys
  async function send(
    keyIndex: number,
    build: (change: KeyChange) => TransactionPayload,
  ): Promise<void> {
    const sequenceNumber = BigInt(await chain.sequenceNumber(address, keyIndex))
    const reply = await fetch(`${chain.url}/v1/blocks?height=final`)
    const [block]: { readonly header: { readonly id: string } }[] = JSON.parse(await reply.text())
    const referenceBlockId = hexToBytes(block?.header.id ?? '', 'id')
    const payload = build({ referenceBlockId, proposalKey: { address, keyIndex, sequenceNumber } })
    const unsigned: Transaction = { ...payload, payloadSignatures: [], envelopeSignatures: [] }
    const signed = await authorizer.signTransaction(address, unsigned)
    await until(async () => (await post(chain.url, signed)) === 'taken')
    await until(async () => {
      const path = `${chain.url}/v1/transaction_results/${transactionId(signed)}`
      const result: { readonly status?: string; readonly error_message?: string } = JSON.parse(
        await (await fetch(path)).text(),
      )
      if (result.error_message) throw new Error(result.error_message)
      return result.status === 'Sealed'
    })
  }
  const [oldKey, newKey] = [await keyOf(old), await keyOf(next)]
  const { publicKey: oldPublicKey } = oldKey
  return {
    keys,
    add: (count: number, firstIndex: number) =>
      send(0, (change) => addKeysTransaction({ ...change, key: newKey, count, firstIndex })),
    swap: (proposer: number, firstIndex: number) =>
      send(proposer, (change) =>
        swapTransaction({
          ...change,
          old: { keyIndex: 0, publicKey: oldPublicKey, weight: 1_000 },
          newKey,
          firstIndex,
          copies: oldCopies,
        }),
      ),
  }
}

it('fails no transaction while keys are swapped under the load of two processes', async () => {
  const signers = [1, 2].map(() => createSoftwareSigner({ algorithm: 'ECDSA_P256' }))
  const [old, next] = signers
  if (old === undefined || next === undefined) throw new Error('two signers were made')
  const address = await chain.createAccount([
    { signer: old, weight: 1_000 },
    ...oldCopies.map(() => ({ signer: old, weight: 0 })),
  ])
  await using both = await startProcess(address, [old, next])
  await using alone = await startProcess(address, [old])
  using loadOfBoth = load('both', both)
  using loadOfAlone = load('alone', alone)
  await until(() => loadOfBoth.outcomes.length > 3 && loadOfAlone.outcomes.length > 3)

  const rotation = await openRotation(address, [old, next])
  await rotation.add(6, 7)
  const copies = (await rotation.keys())
    .filter(({ index }) => oldCopies.includes(index))
    .map(({ index: keyIndex, sequenceNumber }) => ({ keyIndex, sequenceNumber }))
  const flagKey = { keyIndex: 7, sequenceNumber: 0n }
  const drain = createDrain({ pools: [{ store, address }], id, copies, flagKey })
  expect(await drain.acquire({ timeoutMs: 60_000 })).toEqual({ held: true })
  expect(await drain.stillHeld()).toBe(true)
  expect(await drain.makeDurable()).toEqual({ held: true })
  await rotation.swap(7, 13)
  const before = loadOfBoth.outcomes.length
  await until(() => loadOfBoth.outcomes.length > before) // with new copies, before the resume
  await drain.retire(oldCopies)
  const flagNumber = BigInt(await chain.sequenceNumber(address, 7))
  await drain.release([{ keyIndex: 7, sequenceNumber: flagNumber }])
  await drain.close()
  const after = loadOfBoth.outcomes.length
  await until(() => loadOfBoth.outcomes.length > after + 5 && loadOfAlone.rejections.length > 0)
  await Promise.all([loadOfBoth.stop(), loadOfAlone.stop()])

  expect(loadOfBoth.rejections).toEqual([])
  for (const { outcomes } of [loadOfBoth, loadOfAlone])
    expect(outcomes.filter((errorCodes) => errorCodes.length > 0)).toEqual([])
  for (const thrown of loadOfAlone.rejections)
    expect(thrown).toMatchObject({ code: 'KEY_ROTATED', context: { address, keyIndexes: [0] } })
  // The jobs of both are done: those of the one with the old signer by the other.
  for (const jobId of [...loadOfBoth.ids, ...loadOfAlone.ids])
    await (await both.relay.job(jobId)).sealed()
  // It finds out with the first job that it gets to before the other does.
  for (let count = 0; (await alone.relay.stats()).held === undefined; count += 1) {
    const job = { id: `found-${count}`, cadence: noop, args: [], limit: 100 }
    await (await alone.relay.submit(job)).sealed()
  }
  const failed = [...both.relay.events, ...alone.relay.events].filter(
    (event) => event.kind === 'dead' || (event.kind === 'sealed' && event.failed),
  )
  expect(failed).toEqual([])
  expect((await alone.relay.stats()).held).toMatchObject({ code: 'KEY_ROTATED' })
  expect((await both.relay.stats()).held).toBeUndefined()
  expect(await store.readHold(address)).toEqual({ paused: false, hold: null })
  expect(both.reports).toContainEqual({ kind: 'rotating', rotationId: id })
  for (const { pool } of [both, alone])
    expect(pool.stats()).toMatchObject({ refused: 0, lost: 0, quarantined: 0 })
  const rows = await store.listKeys(address)
  const quarantined = rows.filter(({ state }) => state === 'quarantined')
  expect(quarantined.map(({ keyIndex }) => keyIndex)).toEqual(oldCopies)
})
