import {
  type FclAccount,
  type FclPreSignable,
  KmsAuthorizer,
  type ResolvedAccount,
} from '../../src/index.ts'
import { createProposalKeyPool, type PoolReport } from '../../src/proposal-keys/index.ts'
import { createAwsKmsSigner } from '../../src/signers/aws-kms/index.ts'
import { createSoftwareSigner } from '../../src/signers/software-signer.ts'
import { loadFcl } from '../support/fcl.ts'
import { type FlowChain, type KeySpec, noop, startChainAndKms } from '../support/flow-chain.ts'
import type { TestKms } from '../support/kms.ts'
import { until } from '../support/until.ts'

let chain: FlowChain
let kms: TestKms

beforeAll(async () => {
  // The emulator answers 500 while it executes a block; FCL says so and sends the same bytes again.
  console.warn = () => undefined
  console.error = () => undefined // FCL prints the interaction of each error that the tests provoke
  ;({ chain, kms } = await startChainAndKms())
})

afterAll(async () => {
  await Promise.all([chain?.[Symbol.asyncDispose](), kms?.[Symbol.asyncDispose]()])
})

type Resolve = (
  account: FclAccount,
  preSignable?: FclPreSignable,
) => Promise<readonly ResolvedAccount[]>

const failing = 'transaction { prepare(signer: &Account) { panic("no") } }'

/** An account of software keys with these weights, and copies of the first. */
async function software(weights: readonly number[], copies: number) {
  const signers = weights.map(() => createSoftwareSigner({ algorithm: 'ECDSA_P256' }))
  const keys: KeySpec[] = signers.map((signer, index) => ({ signer, weight: weights[index] ?? 0 }))
  const [first] = signers
  if (first === undefined) throw new Error('no key')
  const address = await chain.createAccount([
    ...keys,
    ...Array.from({ length: copies }, () => ({ signer: first, weight: 0 })),
  ])
  const authorizer = KmsAuthorizer.fromSigners(signers, { accessNode: chain.url })
  return { address, authorizer, first, signers }
}

const reportsOf = () => {
  const reports: PoolReport[] = []
  return { reports, onReport: (report: PoolReport) => reports.push(report) }
}

it('seals 60 concurrent fcl.mutate calls from one 500+500 account of KMS keys with 20 copies', async () => {
  const keyIds = [await kms.createKey(), await kms.createKey({ KeySpec: 'ECC_NIST_P256' })]
  const [one, two] = keyIds.map((keyId) => createAwsKmsSigner({ client: kms.client, keyId }))
  if (one === undefined || two === undefined) throw new Error('no signer')
  const address = await chain.createAccount([
    { signer: one, weight: 500 },
    { signer: two, weight: 500 },
    ...Array.from({ length: 20 }, () => ({ signer: one, weight: 0 })),
  ])
  const authorizer = new KmsAuthorizer(kms.client, keyIds, { accessNode: chain.url })
  await using pool = await createProposalKeyPool({ authorizer, address })
  const authz = authorizer.authorize(address, { proposalKeys: pool })
  const before = kms.calls.get('Sign') ?? 0
  const outcomes = await Promise.all(
    Array.from({ length: 60 }, () => chain.send({ cadence: noop, authz })),
  )
  expect(outcomes.flatMap(({ errorMessage }) => errorMessage).filter(Boolean)).toEqual([])
  expect(new Set(outcomes.map(({ id }) => id)).size).toBe(60)
  expect((kms.calls.get('Sign') ?? 0) - before).toBe(120)
  await until(() => pool.stats().executed === 60)
  // No key is read for a transaction, except for one that takes long on a busy machine.
  expect(pool.stats().resyncs).toBeLessThan(60)
  expect(pool.stats()).toMatchObject({
    keys: 20,
    leases: 60,
    leased: 0,
    inFlight: 0,
    waiting: 0,
    drifted: 0,
    refused: 0,
  })
})

it('spends the sequence number of a transaction that fails in Cadence', async () => {
  const { address, authorizer } = await software([1_000], 1)
  await using pool = await createProposalKeyPool({ authorizer, address })
  const authz = authorizer.authorize(address, { proposalKeys: pool })
  const outcomes = [
    await chain.send({ cadence: failing, authz }),
    await chain.send({ cadence: noop, authz }),
  ]
  expect(outcomes.map(({ errorCodes: [code] }) => code)).toEqual([1101, undefined])
  expect(await chain.sequenceNumber(address, 1)).toBe(2)
})

it('gives the key back unused when another authorizer fails before anything is signed', async () => {
  const { address, authorizer } = await software([1_000], 1)
  await using pool = await createProposalKeyPool({ authorizer, address })
  const authz = authorizer.authorize(address, { proposalKeys: pool })
  const broken = () => Promise.reject(new Error('a wallet that says no'))
  const signer = { ...(await software([1_000], 0)) }
  const other: Resolve = signer.authorizer.authorize(signer.address)
  const refusing: Resolve = async (...given) =>
    (await other(...given)).map((account) => ({ ...account, signingFunction: broken }))
  const cadence = 'transaction { prepare(a: &Account, b: &Account) {} }'
  const sending = chain.send({
    cadence,
    proposer: authz,
    payer: authz,
    authorizations: [authz, refusing],
  })
  await expect(sending).rejects.toThrow('a wallet that says no')
  expect(pool.stats().inFlight).toBe(0)
})

it('settles a transaction that another account pays for', async () => {
  const ours = await software([1_000], 2)
  const payer = await software([1_000], 0)
  await using pool = await createProposalKeyPool({
    address: ours.address,
    authorizer: ours.authorizer,
  })
  const authz = ours.authorizer.authorize(ours.address, { proposalKeys: pool })
  const outcomes = await Promise.all(
    [1, 2].map(() =>
      chain.send({
        cadence: noop,
        proposer: authz,
        payer: payer.authorizer.authorize(payer.address),
        authorizations: [authz],
      }),
    ),
  )
  expect(outcomes.map(({ errorCodes }) => errorCodes)).toEqual([[], []])
  await until(() => pool.stats().inFlight === 0)
  expect(pool.stats().executed + pool.stats().moved).toBe(2)
})

it('shares an authorizer with a second account, in one transaction and beside it', async () => {
  const copied = createSoftwareSigner({ algorithm: 'ECDSA_P256' })
  const plain = createSoftwareSigner({ algorithm: 'ECDSA_P256' })
  const weights = [1_000, 0, 0].map((weight) => ({ signer: copied, weight }))
  const address = await chain.createAccount(weights)
  const second = await chain.createAccount([{ signer: plain, weight: 1_000 }])
  const authorizer = KmsAuthorizer.fromSigners([copied, plain], { accessNode: chain.url })
  await using pool = await createProposalKeyPool({ authorizer, address })
  const ours = authorizer.authorize(address, { proposalKeys: pool })
  const theirs = authorizer.authorize(second)
  const cadence = 'transaction { prepare(a: &Account, b: &Account) {} }'
  const outcomes = [
    await chain.send({ cadence: noop, proposer: ours, payer: ours, authorizations: [theirs] }),
    await chain.send({ cadence: noop, proposer: ours, payer: theirs, authorizations: [ours] }),
    await chain.send({ cadence, proposer: ours, payer: theirs, authorizations: [ours, theirs] }),
    await chain.send({ cadence: noop, authz: theirs }),
  ]
  expect(outcomes.map(({ errorMessage }) => errorMessage)).toEqual(['', '', '', ''])
  await until(() => pool.stats().inFlight === 0)
  expect(pool.stats()).toMatchObject({ executed: 3, moved: 0, leased: 0 })
})

it('signs with the keys selected, and takes the signature of an approver from the approver', async () => {
  const [minter, approver] = [500, 500].map(() => createSoftwareSigner({ algorithm: 'ECDSA_P256' }))
  if (minter === undefined || approver === undefined) throw new Error('no signer')
  const keys = [minter, approver, minter].map((signer, at) => ({
    signer,
    weight: at < 2 ? 500 : 0,
  }))
  const address = await chain.createAccount(keys)
  const asked: number[] = []
  const authorizer = KmsAuthorizer.fromSigners([minter, approver], {
    accessNode: chain.url,
    onSign: ({ keyIndex }) => asked.push(keyIndex),
  })
  const wallet = KmsAuthorizer.fromSigners(approver, { accessNode: chain.url })
  await using pool = await createProposalKeyPool({ authorizer, address })
  const authz = authorizer.authorize(address, { proposalKeys: pool, keyIndexes: 0 })
  const payer = [authz, wallet.authorize(address, 1)]
  const { errorMessage } = await chain.send({
    cadence: noop,
    proposer: authz,
    payer,
    authorizations: payer,
  })
  expect([errorMessage, asked]).toEqual(['', [0]])
  await until(() => pool.stats().inFlight === 0)
})

it('frees the keys of sends that were refused for ever, once it is told how they failed', async () => {
  const { address, authorizer } = await software([1_000], 2)
  await using pool = await createProposalKeyPool({ authorizer, address })
  const authz = authorizer.authorize(address, { proposalKeys: pool })
  const sends = [
    chain.send({ cadence: noop, limit: 1_000_000, authz }),
    chain.send({ cadence: 'transaction { "requestBody={}', authz }),
  ]
  const failed = (await Promise.allSettled(sends)).map((one) =>
    one.status === 'rejected' ? pool.noteFailure(one.reason) : undefined,
  )
  expect(failed).toEqual([true, true])
  await until(() => pool.stats().inFlight === 0)
  expect(pool.stats()).toMatchObject({ refused: 2, drifted: 0 })
  expect((await chain.send({ cadence: noop, authz })).errorMessage).toBe('')
}, 60_000)

it('gives the key back when the choice of keys fails', async () => {
  const { address, authorizer } = await software([1_000], 1)
  await using pool = await createProposalKeyPool({ authorizer, address })
  const authz = authorizer.authorize(address, { proposalKeys: pool, keyIndexes: [9] })
  for (let sent = 0; sent < 3; sent++)
    await expect(chain.send({ cadence: noop, authz })).rejects.toMatchObject({
      code: 'KEY_INDEX_UNKNOWN',
    })
  expect(pool.stats()).toMatchObject({ leases: 3, leased: 0, inFlight: 0 })
})

it('gives the key back when the account pays and another proposes', async () => {
  const ours = await software([1_000], 1)
  const proposer = await software([1_000], 0)
  await using pool = await createProposalKeyPool({
    address: ours.address,
    authorizer: ours.authorizer,
  })
  const { errorCodes } = await chain.send({
    cadence: noop,
    proposer: proposer.authorizer.authorize(proposer.address),
    payer: ours.authorizer.authorize(ours.address, { proposalKeys: pool }),
    authorizations: [proposer.authorizer.authorize(proposer.address)],
  })
  expect(errorCodes).toEqual([])
  expect(pool.stats()).toMatchObject({ leased: 0, inFlight: 0 })
})

it('notices that somebody else used the key, and goes on with the number on chain', async () => {
  const { address, authorizer } = await software([1_000], 1)
  const { reports, onReport } = reportsOf()
  await using pool = await createProposalKeyPool({ authorizer, address, onReport })
  await chain.send({ cadence: noop, authz: authorizer.authorize(address, { proposalKeyIndex: 1 }) })
  const authz = authorizer.authorize(address, { proposalKeys: pool })
  const first = await chain.send({ cadence: noop, authz })
  const second = await chain.send({ cadence: noop, authz })
  expect([first.errorCodes[0], second.errorCodes[0]]).toEqual([1007, undefined])
  expect(reports).toContainEqual({ kind: 'drifted', keyIndex: 1 })
  await until(() => pool.stats().executed === 1)
  expect(pool.stats()).toMatchObject({ refused: 1 })
})

it('quarantines a revoked key and goes on with the others', async () => {
  const { address, authorizer } = await software([1_000], 2)
  await using pool = await createProposalKeyPool({ authorizer, address })
  const authz = authorizer.authorize(address, { proposalKeys: pool })
  await chain.revokeKey(authorizer.authorize(address, 0), 1)
  const outcomes = []
  for (let sent = 0; sent < 4; sent++) outcomes.push(await chain.send({ cadence: noop, authz }))
  expect(outcomes.filter(({ errorCodes }) => errorCodes.length > 0).length).toBeLessThanOrEqual(1)
  expect(pool.stats().quarantined).toBe(1)
})

it('uses copies that were added, once it is told to look', async () => {
  const { address, authorizer, first } = await software([1_000], 1)
  await using pool = await createProposalKeyPool({ authorizer, address })
  await chain.addKeys(authorizer.authorize(address, 0), [
    { signer: first, weight: 0 },
    { signer: first, weight: 0, hashAlgorithm: 'SHA2_256' }, // could not share the signature
  ])
  expect(await pool.refresh()).toBe(2)
})

it('refuses an account without copies', async () => {
  const { address, authorizer } = await software([500, 500], 0)
  await expect(createProposalKeyPool({ authorizer, address })).rejects.toMatchObject({
    code: 'NO_PROPOSAL_KEYS',
  })
})

it('lets callers wait their turn, bounded and abortable', async () => {
  const { address, authorizer } = await software([1_000], 1)
  await using pool = await createProposalKeyPool({
    authorizer,
    address,
    maxWaiting: 2,
    waitMs: 300,
  })
  const lease = await pool.lease()
  const abort = new AbortController()
  const aborted = pool.lease({ signal: abort.signal })
  const late = pool.lease()
  const settled = Promise.allSettled([aborted, late])
  await until(() => pool.stats().waiting === 2)
  await expect(pool.lease()).rejects.toMatchObject({ code: 'PROPOSAL_KEYS_BUSY' })
  abort.abort(new Error('enough'))
  const [first, second] = await settled
  expect(first).toMatchObject({ reason: { message: 'enough' } })
  expect(second).toMatchObject({ reason: { code: 'PROPOSAL_KEYS_BUSY' } })
  const next = pool.lease()
  await lease.release()
  expect((await next).keyIndex).toBe(1)
})

it('does not sign under a lease whose time is over', async () => {
  const { address, authorizer } = await software([1_000], 1)
  await using pool = await createProposalKeyPool({ authorizer, address, leaseMs: 200 })
  const fcl = await loadFcl()
  const authz = authorizer.authorize(address, { proposalKeys: pool })
  const resolve: Resolve = authz
  const slow: Resolve = async (...given) => {
    const accounts = await resolve(...given)
    await until(() => pool.stats().abandoned === 1)
    return accounts
  }
  await expect(fcl.mutate({ cadence: noop, authz: slow, limit: 100 })).rejects.toMatchObject({
    code: 'LEASE_LOST',
  })
  await using patient = await createProposalKeyPool({ authorizer, address })
  const later = authorizer.authorize(address, { proposalKeys: patient })
  expect((await chain.send({ cadence: noop, authz: later })).errorCodes).toEqual([])
})

it('refuses a pool of another account and a pool without FCL', async () => {
  const ours = await software([1_000], 1)
  const other = await software([1_000], 0)
  await using pool = await createProposalKeyPool({
    address: ours.address,
    authorizer: ours.authorizer,
  })
  const invalid = expect.objectContaining({ code: 'INVALID_OPTION' })
  const selection = { proposalKeys: pool }
  expect(() => other.authorizer.authorize(other.address, selection)).toThrow(invalid)
  await expect(ours.authorizer.proposalKey(ours.address, selection)).rejects.toThrow(invalid)
  await expect(ours.authorizer.signUserMessage(ours.address, '00', selection)).rejects.toThrow(
    invalid,
  )
})
